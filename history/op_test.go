package history

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestType(t *testing.T) {
	for _, typ := range []Type{Invoke, OK, Fail, Info} {
		got, err := ParseType(typ.String())
		require.NoError(t, err)
		assert.Equal(t, typ, got)
	}
	_, err := ParseType("OK")
	require.EqualError(t, err, `type "OK" is none of invoke, ok, fail, info`)
	assert.Equal(t, "type(9)", Type(9).String())
}

func TestOpStringLeavesOutWhatIsEmpty(t *testing.T) {
	assert.Equal(t, "    0.000s  process 0       invoke", Op{}.String())
	assert.Equal(t, "    0.000s  process 0       ok      → <nil>", Op{Type: OK, Output: (*int)(nil)}.String())
}

// TestOpStringShowsUncomparableInputs guards against a comparison that panics.
func TestOpStringShowsUncomparableInputs(t *testing.T) {
	assert.Equal(t, "    0.000s  process 0       invoke  [1 2]", Op{Input: []any{1, 2}}.String())
	assert.Equal(t, "    0.000s  process 0       invoke  map[a:1]", Op{Input: map[string]any{"a": 1}}.String())
}
