// Package workloads defines the calls that the clients of a test make, and which
// results are right.
//
// A [Workload] is made with [New] from a [Spec]: how to open a client, what it
// calls next, how it calls, and the checker that judges the history. A workload of
// your own is a page of Go. [Register] is ready-made for anything with Get and Put.
package workloads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
)

// ErrFail marks an error after which the operation certainly did not happen and
// never will. With any other error the operation is indeterminate. So the default is
// sound: an unexpected error counts as "it may have happened".
var ErrFail = errors.New("did not happen")

// Outcome returns the type of an operation's completion from its error: OK if there is none;
// Fail if it is [ErrFail], or has a method DidNotHappen that returns true; Info for
// any other.
func Outcome(err error) history.Type {
	var sure interface{ DidNotHappen() bool }
	switch {
	case err == nil:
		return history.OK
	case errors.Is(err, ErrFail), errors.As(err, &sure) && sure.DidNotHappen():
		return history.Fail
	}
	return history.Info
}

// A Spec describes a workload on clients C, with inputs In and outputs Out. Both
// must survive encoding/json, in which histories are kept.
type Spec[C io.Closer, In, Out any] struct {
	Name string

	// Open connects a client to the node that h is bound to.
	Open func(ctx context.Context, h *cluster.Host) (C, error)

	// Setup prepares the system before the clients begin. It is tried again until
	// it succeeds. Optional.
	Setup func(ctx context.Context, c C) error

	// Next returns the next input of a client. It must depend on nothing but the turn.
	Next func(t Turn[In, Out]) In

	// Invoke makes the call, and returns its output or an error; see [Outcome].
	Invoke func(ctx context.Context, c C, in In) (Out, error)

	// Final returns the next final input of a client, after all faults are healed and the
	// system is quiescent, or false if there is none left. Optional.
	Final func(t Turn[In, Out]) (In, bool)

	// Adjust returns the input of a [Script] as it fits what the client was answered in this run. Inputs that carry what an
	// earlier call was answered, as a version to replace, need it: without that call, or with another answer, the
	// client would claim to have seen what it has not. Optional.
	Adjust func(t Turn[In, Out], in In) In

	// Key returns the one key that an input touches, for people who read the
	// history. Optional.
	Key func(in In) string

	// Arrivals makes the load an open one: requests arrive at this rate, in requests a second of all clients together,
	// whether or not earlier ones have been answered. It is asked with the time since the clients began. Each request is a
	// process of its own, so Client of its Turn says only at which client it arrives, and Last, Answer and OK are not set.
	// The calls of a client share what Open returned, and Invoke must be safe for concurrent use. An open load shows
	// what overload does; clients that wait for their answers ask less of a service that is slow. Optional: by default each
	// client makes one call at a time, at Test.Rate. See [Constant].
	Arrivals func(at time.Duration) float64

	// Checker judges the history. It may be nil if the test has one.
	Checker checker.Checker

	// MayFail names kinds of call, by the field F of their inputs, of which none needs to succeed
	// in a run. Of every other kind some call must; see [vacuity.Of]. Optional.
	MayFail []string
}

// A Turn is what a client knows when it chooses its next input.
type Turn[In, Out any] struct {
	Rand    *rand.Rand    // drawn for this turn of this client alone
	Client  int           // from 0
	Clients int           // how many there are
	Index   int           // of the turn, from 0
	Now     time.Duration // since the run began
	Last    In            // the client's input before this one
	Answer  Out           // its output
	OK      bool          // whether there is such an output
}

// Number returns a number that no other turn of any client has, from 1: a unique value
// to write.
func (t Turn[In, Out]) Number() int { return t.Index*t.Clients + t.Client + 1 }

// Constant returns the arrivals of an open load that is the same at any time: rate requests a second.
func Constant(rate float64) func(at time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

// A Workload is a [Spec] without its types, as the engine uses it.
type Workload struct {
	Name    string
	Checker checker.Checker
	Open    func(ctx context.Context, h *cluster.Host) (Client, error)
	Setup   func(ctx context.Context, c Client) error
	Next    func(t Turn[any, any]) any
	Final   func(t Turn[any, any]) (any, bool)
	Adjust  func(t Turn[any, any], in any) any
	Key     func(in any) string
	MayFail []string

	Arrivals func(at time.Duration) float64

	// Read reads a history of this workload that was kept as JSON lines.
	Read func(r io.Reader, name string) (*history.History, error)
	// ReadInput reads an input of this workload from JSON, as a [Script] in a file has it.
	ReadInput func(b []byte) (any, error)
	// Accepts returns an error for an input that is not of the workload's type.
	Accepts func(in any) error
}

// A Client makes the calls of one process of a workload, one at a time.
type Client interface {
	Invoke(ctx context.Context, in any) (out any, err error)
	Close() error
}

// New returns the workload that s describes. It panics if a field is missing that it needs,
// since that is a mistake in the test and not in the system.
func New[C io.Closer, In, Out any](s Spec[C, In, Out]) Workload {
	if s.Name == "" || s.Open == nil || s.Next == nil || s.Invoke == nil {
		panic(fmt.Sprintf("workloads: spec %q needs Name, Open, Next and Invoke", s.Name))
	}
	w := Workload{Name: s.Name, Checker: s.Checker, MayFail: s.MayFail, Arrivals: s.Arrivals, Read: history.ReadAs[In, Out], ReadInput: decodeInput[In], Accepts: accepts[In]}
	w.Open = func(ctx context.Context, h *cluster.Host) (Client, error) {
		c, err := s.Open(ctx, h)
		if err != nil {
			return nil, err
		}
		return client[C, In, Out]{c, s.Invoke}, nil
	}
	w.Next = func(t Turn[any, any]) any { return s.Next(typed[In, Out](t)) }
	if s.Setup != nil {
		w.Setup = func(ctx context.Context, c Client) error { return s.Setup(ctx, c.(client[C, In, Out]).c) }
	}
	if s.Final != nil {
		w.Final = func(t Turn[any, any]) (any, bool) { return s.Final(typed[In, Out](t)) }
	}
	if s.Adjust != nil {
		w.Adjust = func(t Turn[any, any], in any) any { return s.Adjust(typed[In, Out](t), in.(In)) }
	}
	if s.Key != nil {
		w.Key = func(in any) string { return s.Key(in.(In)) }
	}
	return w
}

// typed converts a turn to one with types.
func typed[In, Out any](t Turn[any, any]) Turn[In, Out] {
	u := Turn[In, Out]{Rand: t.Rand, Client: t.Client, Clients: t.Clients, Index: t.Index, Now: t.Now, OK: t.OK}
	u.Last, _ = t.Last.(In)
	u.Answer, _ = t.Answer.(Out)
	return u
}

type client[C io.Closer, In, Out any] struct {
	c      C
	invoke func(context.Context, C, In) (Out, error)
}

func (c client[C, In, Out]) Invoke(ctx context.Context, in any) (any, error) {
	return c.invoke(ctx, c.c, in.(In))
}

func (c client[C, In, Out]) Close() error { return c.c.Close() }
