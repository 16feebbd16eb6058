package resilience_test

import (
	"math"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

func TestDetectionIsAsDefined(t *testing.T) {
	compare(t, resilience.MeasureDetection, defineDetection, "attempt", "attempt", "attempt", "probe", "request")
}

// naiveHealth is what is known of a node at an instant.
type naiveHealth struct {
	at    time.Duration
	inv   int
	probe bool
	good  bool
}

func defineDetection(h *history.History) (m resilience.Detection, err error) {
	attempts, probes, requests := naives(h, "attempt"), naives(h, "probe"), naives(h, "request")
	if len(attempts) == 0 || len(probes) == 0 {
		return m, errNothing
	}
	for _, node := range []string{"n1", "n2", "n3"} {
		var known []naiveHealth
		for _, c := range attempts {
			k := naiveHealth{at: c.end, inv: c.Invoke.Index, good: c.ok()}
			if q, ok := requestOf(requests, c.in.ID); ok && q.in.Deadline > 0 && c.end > q.in.Deadline {
				k.at, k.good = q.in.Deadline, false
			}
			if c.in.At == node && k.at <= h.End() {
				known = append(known, k)
			}
		}
		for _, c := range probes {
			if c.in.At == node && c.ok() {
				known = append(known, naiveHealth{at: c.end, inv: c.Invoke.Index, probe: true, good: c.Complete.Output.(model.Answer).Up})
			}
		}
		before := func(a, b naiveHealth) bool { return a.at < b.at || a.at == b.at && a.inv < b.inv }
		last := func(k naiveHealth, probe bool) (found naiveHealth) {
			found = naiveHealth{at: -1, inv: -1, good: true}
			for _, o := range known {
				if o.probe == probe && before(o, k) && !before(o, found) {
					found = o
				}
			}
			return found
		}
		next := func(k naiveHealth, probe, good bool) (found naiveHealth) {
			found = naiveHealth{at: h.End(), inv: math.MaxInt}
			for _, o := range known {
				if o.probe == probe && o.good == good && before(k, o) && before(o, found) {
					found = o
				}
			}
			return found
		}
		episodes, seen := 0, 0
		for _, k := range known {
			if k.probe || k.good || !last(k, false).good {
				continue
			}
			episodes++
			end, down := next(k, false, true), next(k, true, false)
			gap := min(end.at, down.at) - k.at
			switch {
			case !last(k, true).good:
				gap = 0
				seen++
			case before(down, end):
				seen++
			}
			if gap > m.Gap || m.Node == "" {
				m.Gap, m.Node = gap, node
			}
		}
		m.Episodes += episodes
		if episodes > 0 && seen == 0 {
			m.Missed++
		}
	}
	return m, nil
}
