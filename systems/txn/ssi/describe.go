package ssi

import (
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// Describe says what the primary is asked for.
func (r *run) Describe() trace.Description {
	d := (&front.Request{Ops: r.ops, Part: r.part}).Describe()
	d.Term = r.epoch
	return d
}

// Describe says what it answers.
func (r *ran) Describe() trace.Description { return r.response.DescribeAnswer(nil) }
