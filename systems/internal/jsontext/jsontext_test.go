package jsontext_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/systems/internal/jsontext"
)

// TestAsJSON appends strings of every character of one byte and of some longer ones, also of bytes that are no characters.
func TestAsJSON(t *testing.T) {
	texts := []string{"", "k1", "naïve", "\u2028", "世", "\xff", "a\xc3", "\ufffd"}
	for c := range 256 {
		texts = append(texts, "k"+string([]byte{byte(c)})+"1")
	}
	for _, s := range texts {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		assert.Equal(t, "x"+string(want), string(jsontext.AppendString([]byte("x"), s)))
	}
}
