// Package session has the client loop that systems share: it asks one node again and again, until it has an answer or
// the caller gives up, and says then whether the operation may have happened.
package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Defaults of a session.
const (
	Attempt = 300 * time.Millisecond // how long it waits for one answer before it asks again
	Pause   = 50 * time.Millisecond  // how long it waits after an answer that the operation was not carried out
)

// A Fate is what an answer says of an operation.
type Fate uint8

const (
	Done          Fate = iota // it was carried out, and the answer is its result
	NotDone                   // it was not carried out, and will not be
	Indeterminate             // it may have been carried out, or still be
)

// A Session is one client of the node that its host is bound to. It does one thing at a time. Its operations are numbered, so
// that a node can distinguish a retry from a new operation, and its attempts as well, so that a node can distinguish a retry from
// a copy that the network made.
type Session struct {
	Host        *cluster.Host
	ID          uint64
	Unavailable error // what an operation ends with that certainly did not happen

	number, attempt uint64
}

// New returns a session whose ID the host draws. It sends nothing yet.
func New(h *cluster.Host, unavailable error) *Session {
	return &Session{Host: h, ID: h.Rand().Uint64(), Unavailable: unavailable}
}

// Do asks until an answer is [Done] or ctx is done. Each attempt sends a request of its own, which message makes
// for the number of the operation and that of the attempt. If no attempt can have had an effect, the error is the session's
// Unavailable; otherwise the operation is indeterminate.
func Do[Resp, Req any](ctx context.Context, s *Session, message func(number, attempt uint64) *Req, fate func(Resp) Fate) (Resp, error) {
	s.number++
	harmless := true
	for {
		r, err := try[Resp](ctx, s, message)
		if err == nil && fate(r) == Done {
			return r, nil
		}
		harmless = harmless && err == nil && fate(r) == NotDone
		if ctx.Err() == nil && err == nil {
			err = s.Host.Sleep(Pause)
		}
		if ctx.Err() != nil || errors.Is(err, cluster.ErrCrashed) {
			var none Resp
			if harmless {
				return none, s.Unavailable
			}
			return none, fmt.Errorf("%s: %w", s.Host.Node(), cmp.Or(ctx.Err(), err))
		}
	}
}

// try sends one request, and waits for its answer.
func try[Resp, Req any](ctx context.Context, s *Session, message func(number, attempt uint64) *Req) (Resp, error) {
	ctx, cancel := s.Host.WithTimeout(ctx, Attempt)
	defer cancel()
	s.attempt++
	return cluster.Ask[Resp](ctx, s.Host, s.Host.Node(), message(s.number, s.attempt))
}
