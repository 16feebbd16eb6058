package capsize

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
)

// TestStalledIsUnknown has what the clock of the machine decided leave the verdict open,
// and what did not depend on it decide.
func TestStalledIsUnknown(t *testing.T) {
	stalled := cluster.Finding{Kind: cluster.Stalled, Host: "n1", What: "hangs"}
	hung := cluster.Finding{Kind: cluster.Hung, Host: "n2", What: "waits for a lock"}
	c := checkFindings([]cluster.Finding{stalled})
	assert.Equal(t, checker.Unknown, c.Verdict)
	assert.Equal(t, "n1: hangs", c.Reason)
	assert.Equal(t, "n1 stood still", c.Undecided)
	c = checkFindings([]cluster.Finding{stalled, hung})
	assert.Equal(t, checker.Invalid, c.Verdict)
	assert.Equal(t, "n2: waits for a lock", c.Reason)
	assert.Equal(t, checker.Valid, checkFindings(nil).Verdict)
}
