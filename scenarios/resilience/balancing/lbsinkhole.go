package balancing

import (
	"cmp"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/balance"
)

// LBSinkhole is the scenario of a backend that fails faster than the others work.
func LBSinkhole() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "lb-sinkhole",
		Question: "one of four backends fails, and its health endpoint does not: how many requests does the balancer send there?",
		Shows: "a quarter with round robin; more with two choices and most with least connections if it fails fast, since it has the least to do; " +
			"less if it hangs; and below 3 % with each of them if what it answers users takes it out of the rotation",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "errors", Metric: "error_share", Format: scenarios.Fine}, {Title: "to the bad node", Metric: "bad_node_share", Format: scenarios.Fine},
			{Title: "variation of load", Metric: "load_variation", Format: twoDigits}, {Title: "slowest", Metric: "slowest_outcome_ns", Format: scenarios.Span},
		},
		Meter:    func(v scenarios.Variant) scenarios.Meter { return balancingOf(v) },
		Holds:    lbSinkholeHolds,
		Variants: sinkholeVariants(),
	}
}

const (
	sinkholeRate  = 50 // requests a second
	sinkholeWork  = 150 * time.Millisecond
	sinkholeFails = 3 // in a row, before a backend is ejected
	sinkholeMost  = 0.03
)

func sinkholeVariants() (all []scenarios.Variant) {
	for _, p := range []struct {
		name, doc string
		policy    func() balance.Policy
	}{
		{"round-robin", "each backend has its turn", balance.RoundRobin},
		{"two-choices", "of two that are drawn, the one with the fewest requests in flight", func() balance.Policy { return balance.Choices(2) }},
		{"least-connections", "the backend with the fewest requests in flight", balance.LeastConnections},
	} {
		for _, how := range []balance.How{balance.FailsFast, balance.Hangs} {
			for _, eject := range []bool{false, true} {
				all = append(all, sinkholeVariant(p.name, p.doc, p.policy, how, eject))
			}
		}
	}
	return all
}

func sinkholeVariant(name, doc string, policy func() balance.Policy, how balance.How, eject bool) scenarios.Variant {
	s := balance.Service{
		Policy: policy, Work: sinkholeWork, Timeout: time.Second, Probes: balance.Probes{Every: time.Second},
		Trouble: []balance.Trouble{{Node: lbBad, How: how, From: lbFrom, To: lbTo}},
	}
	if eject {
		s.Ejection = balance.Ejection{After: sinkholeFails}
		name, doc = name+"-ejecting", doc+"; a backend that fails users three times in a row is out for 30 s"
	}
	rule := resilience.Unrelated(1-sinkholeMost, lbTrouble, "/")
	return scenarios.Variant{Name: name, Doc: doc, Fault: string(how), Fixed: eject, Test: lbTest("lb-sinkhole "+name, s, sinkholeRate, rule, eject, "/")}
}

// lbSinkholeHolds compares the rows of a fault: what was measured is in the order that the scenario is about.
func lbSinkholeHolds(rows []scenarios.Row) error {
	errors := map[string]float64{}
	for _, r := range rows {
		errors[r.Fault+" "+r.Variant] = r.Metrics["error_share"]
		if r.Fixed && (r.Invalid > 0 || r.Metrics["error_share"] >= sinkholeMost) {
			return fmt.Errorf("%s under %s: %s of errors, and there must be fewer than 3 %%", r.Variant, r.Fault, scenarios.Fine(r.Metrics["error_share"]))
		}
		if !r.Fixed && r.Invalid < r.Seeds {
			return fmt.Errorf("%s under %s: %d of %d seeds are invalid, and all must be", r.Variant, r.Fault, r.Invalid, r.Seeds)
		}
	}
	return cmp.Or(
		inOrder(errors, "fails fast round-robin", "fails fast two-choices", "fails fast least-connections"),
		inOrder(errors, "hangs least-connections", "hangs two-choices", "hangs round-robin"),
	)
}

// inOrder returns an error if a number is not above that before it. Those that were not measured are passed over.
func inOrder(of map[string]float64, names ...string) error {
	last := ""
	for _, name := range names {
		x, ok := of[name]
		if !ok {
			continue
		}
		if last != "" && x <= of[last] {
			return fmt.Errorf("%s: %.4f, and there must be more than the %.4f of %s", name, x, of[last], last)
		}
		last = name
	}
	return nil
}

func twoDigits(x float64) string { return fmt.Sprintf("%.2f", x) }
