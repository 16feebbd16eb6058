package edge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/scenarios"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/workloads"
)

// AuthRevoke is the scenario of access that was revoked, and gateways that remember that there was access.
func AuthRevoke() scenarios.Scenario {
	return scenarios.Scenario{
		Name:     "auth-revoke",
		Question: "for how long does a gateway let in a user whose access was revoked?",
		Shows: "for the TTL of its cache; until the next request if the change is pushed, and for the TTL again if the push is lost; for as long as it is cut off if it then goes by what " +
			"it knew. Asking each time, waiting for all gateways and asking for the version of all grants bound it, and each is paid for while a gateway is cut off: by users who are refused, or changes that are not acknowledged",
		Seeds: 3,
		Columns: []scenarios.Column{
			{Title: "access after revoke", Metric: "access_after_revoke_ns", Format: scenarios.Span}, {Title: "accesses after revoke", Metric: "access_after_revoke", Format: scenarios.Count},
			{Title: "refused without cause", Metric: "wrongly_refused_share", Format: scenarios.Fine}, {Title: "changes acknowledged", Metric: "changes_acked_share", Format: scenarios.Percent},
			{Title: "asked per access", Metric: "asks_per_access", Format: twoDecimals},
		},
		Meter:    func(scenarios.Variant) scenarios.Meter { return &accesses{} },
		Holds:    authRevokeHolds,
		Variants: revokeVariants(),
	}
}

func twoDecimals(x float64) string { return fmt.Sprintf("%.2f", x) }

const (
	revokeWithin = 2 * time.Second // the promise that all variants are held to
	authRun      = 75 * time.Second
	authCutAt    = 20 * time.Second
	authCutFor   = 30 * time.Second
	authUsers    = 8
	authNodes    = 3
	authPoll     = 250 * time.Millisecond
	authSilence  = time.Second
	authTTL      = 10 * time.Second
	longTTL      = time.Minute
	gatewayIsCut = "gateway cut off"
)

// authCut cuts the last gateway off from the authorization server.
var authCut = nemesis.New("auth cut off", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
	nodes := c.Nodes()
	last := nodes[len(nodes)-1:]
	return nodes[0] + " | " + last[0], c.Partition(nodes[:1], last), nil
})

func revokeVariants() (all []scenarios.Variant) {
	for _, x := range []struct {
		name, doc       string
		s               gateway.Access
		fixed, fixedCut bool // without a fault, and while a gateway is cut off
	}{
		{"ask", "gateways ask the server each time, and refuse if it does not answer", gateway.Access{}, true, true},
		{"ttl-closed", "gateways use an answer for 10 s, and refuse if they then can't ask", gateway.Access{TTL: authTTL}, false, false},
		{"ttl-open", "the same, but they go by what they knew if they can't ask", gateway.Access{TTL: authTTL, FailOpen: true}, false, false},
		{"push-closed", "the server tells gateways of a change once; else an answer is used for a minute", gateway.Access{TTL: longTTL, Push: gateway.PushOnce}, true, false},
		{"push-open", "the same, but they go by what they knew if they can't ask", gateway.Access{TTL: longTTL, Push: gateway.PushOnce, FailOpen: true}, true, false},
		{"push-all", "the server acknowledges a change when all gateways have acknowledged it", gateway.Access{TTL: longTTL, Push: gateway.PushAll}, true, true},
		{"versioned-closed", "gateways ask for the version of all grants four times a second, and use nothing that they keep if they have not heard of it for 1 s",
			gateway.Access{TTL: longTTL, Poll: authPoll, Silence: authSilence}, true, true},
		{"versioned-open", "the same, but they go by what they knew if they can't ask", gateway.Access{TTL: longTTL, Poll: authPoll, Silence: authSilence, FailOpen: true}, true, false},
	} {
		all = append(all, revokeVariant(x.name, x.doc, "", x.s, x.fixed), revokeVariant(x.name, x.doc, gatewayIsCut, x.s, x.fixedCut))
	}
	return all
}

func revokeVariant(name, doc, fault string, s gateway.Access, fixed bool) scenarios.Variant {
	v := scenarios.Variant{Name: name, Doc: doc, Fault: fault, Fixed: fixed, Test: capsize.Test{
		Name: "auth-revoke " + name, System: s, Nodes: authNodes, Clients: 2 * authNodes, Duration: authRun, Timeout: 3 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(16), Deadline: 2 * time.Second, Next: nextAccess}),
		Checker:  resilience.Revoked(revokeWithin), Expect: scenarios.Expected(fixed),
	}}
	if fault != "" {
		v.Test.Name += ", " + fault
		v.Test.Nemesis = nemesis.At(authCutAt, authCutFor, authCut)
	}
	return v
}

// nextAccess has users use what they have access to. The first client also changes the grants: each 4 s it revokes the access of a
// user, and when it has done so with all it grants it again in the same order.
func nextAccess(t workloads.Turn[model.RequestOp, model.Answer]) model.RequestOp {
	const each = 11 // turns
	if t.Client == 0 && t.Index%each == each-1 {
		i := t.Index / each
		return model.RequestOp{F: []string{"revoke", "grant"}[i/authUsers%2], By: user(i % authUsers), Route: "/"}
	}
	return model.RequestOp{F: "access", By: user(t.Rand.IntN(authUsers)), Route: "/"}
}

func user(i int) string { return fmt.Sprint("user", i+1) }

// accesses is a Meter of access after it was revoked, and of what that was bought with.
type accesses struct {
	longest                 time.Duration
	after                   int // accesses
	uses, entitled, refused int // accesses; of these, by who had access; of these
	changes, acked, asks    int
}

// Add counts one run.
func (m *accesses) Add(_ context.Context, r *capsize.Result) error {
	a, err := resilience.MeasureAccess(r.History)
	if err != nil {
		return err
	}
	m.longest, m.after = max(m.longest, a.Longest), m.after+a.AfterRevoke
	revoked := map[string]bool{} // users, from when it was asked until a grant is acknowledged
	for c := range r.History.Calls() {
		in, _ := c.Invoke.Input.(model.RequestOp)
		ok := c.Complete.Type == history.OK
		switch {
		case in.F == "revoke", in.F == "grant":
			m.change(in, ok, revoked)
		case in.F == "access":
			m.use(!revoked[in.By], ok)
		case in.F == "attempt" && in.At == "n1" && in.Depth == 2:
			m.asks++
		}
	}
	return nil
}

func (m *accesses) change(in model.RequestOp, ok bool, revoked map[string]bool) {
	m.changes++
	if ok {
		m.acked++
	}
	if in.F == "revoke" || ok {
		revoked[in.By] = in.F == "revoke"
	}
}

func (m *accesses) use(entitled, ok bool) {
	m.uses++
	if entitled {
		m.entitled++
		if !ok {
			m.refused++
		}
	}
}

// Fill writes what was counted.
func (m *accesses) Fill(row *scenarios.Row) {
	row.Metrics["access_after_revoke_ns"] = float64(m.longest)
	row.Metrics["access_after_revoke"] = float64(m.after)
	row.Metrics["accesses"] = float64(m.uses)
	row.Metrics["wrongly_refused_share"] = scenarios.Ratio(m.refused, m.entitled)
	row.Metrics["changes_acked_share"] = scenarios.Ratio(m.acked, m.changes)
	row.Metrics["asks_per_access"] = scenarios.Ratio(m.asks, m.uses)
}

func authRevokeHolds(rows []scenarios.Row) error {
	for _, r := range rows {
		if after := time.Duration(r.Metrics["access_after_revoke_ns"]); r.Fixed == (after > revokeWithin) || r.Fixed != (r.Invalid == 0) {
			return fmt.Errorf("%s under %q: access for %s after it was revoked, and %d of %d seeds invalid", r.Variant, r.Fault, after, r.Invalid, r.Seeds)
		}
	}
	return nil
}
