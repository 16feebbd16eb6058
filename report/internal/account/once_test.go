package account

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/checker"
)

// TestAccountSaysNothingTwice has a finding that is the reason, once and with another one.
func TestAccountSaysNothingTwice(t *testing.T) {
	broken := Finding{Host: "n2", What: "not always: n2 never boots", At: time.Second}
	c := Case{Verdict: checker.Invalid, Reason: "n2: not always: n2 never boots", Findings: []Finding{broken, broken}}
	steps, _ := Of(c)
	assert.Empty(t, steps, "the reason says it all")
	c.Findings = append(c.Findings, Finding{Host: "n3", What: "panicked: index out of range", At: 2 * time.Second})
	steps, _ = Of(c)
	assert.Len(t, steps, 2, "%v", steps)
}
