package checker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestHeadlines wants words for each rule, and none that are made of a name.
func TestHeadlines(t *testing.T) {
	for name, h := range headlines {
		assert.NotEmpty(t, h.broken, name)
		assert.NotEmpty(t, h.what, name)
		assert.False(t, strings.HasSuffix(h.broken, "violated"), name)
	}
	for _, l := range Consistencies(Register()) {
		r := l.Checker.Check(t.Context(), untimed(RegisterOp{F: "write", Value: 1}, 0, RegisterOp{F: "read"}, 2))
		assert.Equal(t, headlines[l.Name].broken, r.Headline(), l.Name)
		assert.NotEmpty(t, r.Headline(), l.Name)
	}
	for _, c := range []Checker{Bank(BankRule{}), CausalReverse(), CounterBounds(), DistinctIDs(), LongFork(0), MonotonicInserts(false),
		QueueSources(), TotalQueue(false), FinalSet(), SetFull(false), Fresh(Promise{}), Sessions(), OwnWrites(), Foreign(), Aged(),
		Coalesced(LoadLimit{}), Statistics(StatsLimits{})} {
		r := c.Check(t.Context(), untimed())
		assert.NotEmpty(t, r.Broken, fmt.Sprint(r.Checker))
		assert.NotEmpty(t, r.Undecided, fmt.Sprint(r.Checker))
	}
}
