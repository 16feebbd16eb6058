package consistency

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/checker/jepsen"
	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/assert"
)

// TestHeadlines wants words for each rule, and none that are made of a name.
func TestHeadlines(t *testing.T) {
	for name, h := range wording.Headlines {
		assert.NotEmpty(t, h.Broken, name)
		assert.NotEmpty(t, h.What, name)
		assert.False(t, strings.HasSuffix(h.Broken, "violated"), name)
		assert.Contains(t, h.Broken, " ", "%s: a sentence, or the part of one that says what is wrong", name)
		if strings.Contains(name, "-") {
			assert.NotContains(t, h.Broken+h.What, name, "names of checks are not words")
		}
	}
	for _, l := range Levels(model.Register()) {
		r := l.Checker.Check(t.Context(), checkertest.Untimed(model.RegisterOp{F: "write", Value: 1}, 0, model.RegisterOp{F: "read"}, 2))
		assert.Equal(t, wording.Headlines[l.Name].Broken, r.Headline(), l.Name)
		assert.NotEmpty(t, r.Headline(), l.Name)
	}
	for _, c := range []checker.Checker{jepsen.Bank(jepsen.BankRule{}), jepsen.CausalReverse(), jepsen.CounterBounds(), jepsen.DistinctIDs(), jepsen.LongFork(0), jepsen.MonotonicInserts(false),
		jepsen.QueueSources(), jepsen.TotalQueue(false), jepsen.FinalSet(), jepsen.SetFull(false), freshness.New(freshness.Promise{}), freshness.Sessions(), freshness.OwnWrites(), freshness.CrossUser(), freshness.MaxAgeExceeded(),
		freshness.Coalesced(freshness.LoadLimit{}), stats.New(stats.Limits{})} {
		r := c.Check(t.Context(), checkertest.Untimed())
		assert.NotEmpty(t, r.Broken, fmt.Sprint(r.Checker))
		assert.NotEmpty(t, r.Undecided, fmt.Sprint(r.Checker))
	}
}
