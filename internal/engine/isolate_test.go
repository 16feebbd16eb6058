package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCore says who was healed, and which nodes hold which state.
func TestCore(t *testing.T) {
	c := &Core{Nodes: []string{"n1", "n2", "n3"}, Digests: []string{"a", "a", "a"}}
	assert.Equal(t, "the last fault was healed", c.String())
	assert.True(t, c.Converged())
	c.Digests[1] = "b"
	assert.False(t, c.Converged())
	assert.Equal(t, "n1 n3: a; n2: b", c.States())
	c.Digests, c.silent = []string{"a", "a", "a"}, true
	assert.False(t, c.Converged(), "a node without a digest agrees with none")
	c.isolated = map[string]string{"n5": noReceive, "n4": down}
	assert.Equal(t, "n1 n2 n3 were healed and the others isolated: n4 down, n5 no-receive", c.String())
}

// TestRefusalAt takes the first client of a node, whatever the order of the map.
func TestRefusalAt(t *testing.T) {
	r := &Record{Refusals: map[int]Refusal{7: {"n2", "late"}, 3: {"n1", "down"}, 2: {"n2", "early"}}}
	for node, want := range map[string]string{"": "early", "n1": "down", "n2": "early"} {
		x, ok := r.RefusalAt(node)
		assert.True(t, ok)
		assert.Equal(t, want, x.Said, node)
	}
	_, ok := r.RefusalAt("n3")
	assert.False(t, ok)
}
