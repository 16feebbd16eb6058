package account

import (
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
)

// A Reign is a stretch of time in which a host had a role.
type Reign struct {
	Host     string
	Role     string // "leader"
	Term     uint64 // 0: it has none
	From, To time.Duration
	Began    bool // within the trace, at From; else the role was held before
	Ended    bool // within the trace, at To
}

// Leads reports whether a role is one that decides for others.
func Leads(role string) bool {
	role = strings.ToLower(role)
	return slices.ContainsFunc([]string{"leader", "primary", "head", "master"}, func(r string) bool {
		return role == r || strings.HasPrefix(role, r+" ") || strings.HasPrefix(role, r+",")
	})
}

// Reigns returns who had which role when, in the order in which they began. A role ends with the next one of the host,
// and when the host crashes.
func Reigns(t *trace.Trace) []Reign {
	var all []Reign
	last := map[string]int{} // index of the last reign of each host, if it has not ended
	end := func(host string, at time.Duration) {
		if i, ok := last[host]; ok {
			all[i].To, all[i].Ended = at, true
			delete(last, host)
		}
	}
	begin := func(e trace.Event, at time.Duration, began bool) {
		end(e.Host, at)
		last[e.Host] = len(all)
		all = append(all, Reign{Host: e.Host, Role: e.Text, Term: e.Term, From: at, To: t.To, Began: began})
	}
	for _, e := range t.Standing {
		if e.Kind == trace.Role {
			begin(e, t.From, false)
		}
	}
	for _, e := range t.Events {
		switch e.Kind {
		case trace.Role:
			begin(e, e.At, true)
		case trace.Crash:
			end(e.Host, e.At)
		}
	}
	return all
}

// leaderAt returns who led at an instant: of several, as after a cut, the one of the greatest term.
func (s *scene) leaderAt(at time.Duration) (r Reign, ok bool) {
	for _, x := range s.reigns {
		if Leads(x.Role) && x.From <= at && at <= x.To && (!ok || x.Term > r.Term) {
			r, ok = x, true
		}
	}
	return r, ok
}
