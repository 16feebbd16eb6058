package workloads

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// An Operation is one that a client is to invoke at an instant: what a run asks in place of what its workload draws.
type Operation struct {
	Client int           // which client, from 0; client i is bound to node i mod Test.Nodes
	At     time.Duration // since the faults began, as in a plan; a client that is still busy then invokes it when it is free; from the end of Test.Duration on none is invoked
	Final  bool          // one of those that are invoked after the settle phase, one after the other; At has no meaning then
	Input  any           // of the workload's input type
}

// A Script is the operations of a run, in place of those that its workload draws. Operations of one client are in the
// order in which it invokes them. A script without one of its operations leaves all others as they were, so a run
// can be minimised. An empty script that is not nil invokes nothing.
type Script []Operation

// Validate reports the first mistake of a script for a workload and a number of clients.
func (s Script) Validate(w Workload, clients int) error {
	last := map[int]Operation{}
	for i, o := range s {
		before := last[o.Client]
		switch {
		case o.Client < 0 || o.Client >= clients:
			return fmt.Errorf("operation %d of the script: there is no client %d, of %d", i+1, o.Client, clients)
		case o.At < 0:
			return fmt.Errorf("operation %d of the script: its time %v is negative", i+1, o.At)
		case before.Final && !o.Final:
			return fmt.Errorf("operation %d of the script: it comes after a final one of client %d", i+1, o.Client)
		case !o.Final && o.At < before.At:
			return fmt.Errorf("operation %d of the script: it is at %v, before the one that client %d invokes first, at %v", i+1, o.At, o.Client, before.At)
		}
		if w.Accepts != nil {
			if err := w.Accepts(o.Input); err != nil {
				return fmt.Errorf("operation %d of the script: %w", i+1, err)
			}
		}
		last[o.Client] = o
	}
	return nil
}

// Of returns the operations of a client before the settle phase, or its final ones.
func (s Script) Of(client int, final bool) Script {
	var some Script
	for _, o := range s {
		if o.Client == client && o.Final == final {
			some = append(some, o)
		}
	}
	return some
}

// Sort orders the operations by time, final ones last, and those of one instant by client.
func (s Script) Sort() {
	slices.SortStableFunc(s, func(a, b Operation) int {
		if a.Final != b.Final {
			if b.Final {
				return -1
			}
			return 1
		}
		if a.Final {
			return cmp.Compare(a.Client, b.Client)
		}
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Client, b.Client))
	})
}

// accepts returns the error for an input of another type than In.
func accepts[In any](in any) error {
	if _, ok := in.(In); !ok {
		return fmt.Errorf("an input is %T, and not %T", in, *new(In))
	}
	return nil
}

// decodeInput reads an input from JSON. A field that In does not have is an error.
func decodeInput[In any](b []byte) (any, error) {
	var in In
	err := decodeStrictly(b, &in)
	return in, err
}

// decodeStrictly is apart from decodeInput, which is compiled for each type.
func decodeStrictly(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("input %s: %w", b, err)
	}
	return nil
}
