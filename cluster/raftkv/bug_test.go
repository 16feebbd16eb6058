package raftkv

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseBug(t *testing.T) {
	names, docs := BugNames()
	require.Len(t, docs, len(names))
	var all Bug
	for i, name := range names {
		assert.NotEmpty(t, docs[i])
		b, err := ParseBug(name)
		require.NoError(t, err)
		assert.Equal(t, name, b.String())
		assert.Zero(t, all&b, "%s is a bug of its own", name)
		all |= b
	}
	again, err := ParseBug(all.String())
	require.NoError(t, err)
	assert.Equal(t, all, again)
	for _, none := range []string{"", "none", ",none,"} {
		b, err := ParseBug(none)
		require.NoError(t, err)
		assert.Zero(t, b)
		assert.Equal(t, "none", b.String())
	}
	_, err = ParseBug("local-reads,lokal")
	assert.ErrorContains(t, err, `raftkv has no bug "lokal"; it has local-reads, `)
}
