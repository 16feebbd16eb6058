package percolator

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestReadsWaitForEveryProposal has two transactions, one of them asked for twice, propose a lock of one key. A read must wait for each that its
// snapshot may have to see, until all proposals of it are in the log: the earlier one may still get the lock.
func TestReadsWaitForEveryProposal(t *testing.T) {
	p := &part{proposing: map[string][]uint64{}}
	early := &command{Start: 10, Writes: []write{{Key: "x"}, {Key: "y"}}}
	late := &command{Start: 30, Writes: []write{{Key: "x"}}}
	assert.False(t, p.mayLock("x", 20))
	p.proposes(early)
	p.proposes(late)
	p.proposes(early)
	assert.True(t, p.mayLock("x", 20))
	assert.False(t, p.mayLock("x", 9), "both are later than the snapshot")
	p.proposed(early)
	assert.True(t, p.mayLock("x", 20), "the second copy is still on its way")
	p.proposed(early)
	assert.False(t, p.mayLock("x", 20))
	assert.True(t, p.mayLock("x", 30))
	p.proposed(late)
	assert.Empty(t, p.proposing)
}
