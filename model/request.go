package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

// A RequestOp is an input of services that call each other, of what stands between them (balancers, gateways, limiters,
// pools), and of what they hold. The calls of clients are those with F request; all others are spans of the services
// ([github.com/capsize-go/capsize/cluster.Host.Begin]) or of a trace that was recorded elsewhere. F is
//
//   - request: a client asks for Route, and wants an answer by Deadline. ID distinguishes it from all others. The answer is
//     an [Answer]. It is ok if it got what it asked for; an answer that is an error fails it, or makes it indeterminate.
//   - attempt: one try of By to reach At for the request, number Try from 1, Depth services away from the client: 1 is what
//     a client tries, 2 what the service tries that it reached.
//   - work: At works for the request, from the first instruction to the last, whether or not a client still waits for it.
//   - effect: At does, for the request, what must be done once: a payment, a mail.
//   - wait: the request waits for one unit of the resource At: a connection, a place in a queue, a lock. It fails if it gives up.
//   - hold: the request has N units of the resource At (1 if N is 0), from the acquisition to the release.
//   - admit: the limiter At decides whether N units (1 if N is 0) of By may pass. It is ok if they may, and fails if they may not.
//   - probe: By looks whether At is healthy. The answer is an Answer whose Up says what it found.
//   - grant, revoke: By is given access to Route, or loses it.
//   - access: By uses Route. It is ok if it was let in, and fails if it was not.
type RequestOp struct {
	F        string        `json:"f"`
	ID       int           `json:"id,omitempty"`
	Route    string        `json:"route,omitempty"`
	At       string        `json:"at,omitempty"`
	By       string        `json:"by,omitempty"`
	Depth    int           `json:"depth,omitempty"`
	Try      int           `json:"try,omitempty"`
	N        int           `json:"n,omitempty"`
	Deadline time.Duration `json:"deadline_ns,omitempty"` // of a request: time since the start of the run; 0 for none
}

// Units returns how many units a hold or an admit is about.
func (o RequestOp) Units() int { return max(1, o.N) }

// String says what is asked.
func (o RequestOp) String() string {
	var b strings.Builder
	b.WriteString(o.F)
	if o.ID != 0 {
		fmt.Fprintf(&b, " %d", o.ID)
	}
	if o.Try > 1 {
		fmt.Fprintf(&b, ", try %d,", o.Try)
	}
	b.WriteString(words.Of(o.Route, "of") + words.Of(o.At, "at") + words.Of(o.By, "by"))
	if o.N > 1 {
		fmt.Fprintf(&b, " × %d", o.N)
	}
	return b.String()
}

// An Answer is the output of a [RequestOp].
type Answer struct {
	Code    int    `json:"code,omitempty"`    // the HTTP status, where there is one
	From    string `json:"from,omitempty"`    // the node that answered
	Up      bool   `json:"up,omitempty"`      // of a probe: the node is healthy
	Partial bool   `json:"partial,omitempty"` // the answer says itself that parts are missing, or that it is a fallback
	Missing int    `json:"missing,omitempty"` // parts that are missing
	Version int    `json:"version,omitempty"` // of what was asked for, or of the configuration that served it
	For     string `json:"for,omitempty"`     // the principal, or the request, whose answer it is
}

// String says what was answered.
func (a Answer) String() string {
	var list []string
	if a.Code != 0 {
		list = append(list, fmt.Sprint(a.Code))
	}
	if a.Up {
		list = append(list, "up")
	}
	if a.Version != 0 {
		list = append(list, fmt.Sprintf("v%d", a.Version))
	}
	switch {
	case a.Missing > 0 && !a.Partial:
		list = append(list, fmt.Sprintf("without %s, and does not say so", words.Plural(a.Missing, "part")))
	case a.Missing > 0:
		list = append(list, fmt.Sprintf("partial, without %s", words.Plural(a.Missing, "part")))
	case a.Partial:
		list = append(list, "partial")
	}
	if a.From != "" {
		list = append(list, "from "+a.From)
	}
	if a.For != "" {
		list = append(list, "for "+a.For)
	}
	if len(list) == 0 {
		return "done"
	}
	return strings.Join(list, " ")
}
