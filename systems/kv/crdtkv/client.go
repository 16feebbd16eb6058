package crdtkv

import (
	"context"
	"fmt"
	"strconv"

	"github.com/capsize-go/capsize/cluster"
)

type op uint8

const (
	opCount op = 1 + iota
	opSum
	opAdd
	opRemove
	opElements
	opWrite
	opSiblings
)

// A request is one of a client to a life of a node. The number identifies a duplicate.
type request struct {
	op              op
	life            uint64
	session, number uint64
	key             string
	value           int
	seen            []dot
}

type response struct {
	other  bool // nothing was done, as the request was meant for another life than this
	life   uint64
	values []int
	dots   []dot
}

// inquiry asks a node for the digest of its state.
type inquiry struct{}

// A client is a session with one node. It makes one call at a time, and never retries one: an
// increment that is sent twice may count twice.
type client struct {
	h                     *cluster.Host
	life, session, number uint64
}

// do sends a request, and sends it again only if the node has not carried it out because it was for
// another life.
func (c *client) do(ctx context.Context, r request) (response, error) {
	for {
		c.number++
		r.life, r.session, r.number = c.life, c.session, c.number
		sent := r
		v, err := c.h.Call(ctx, c.h.Node(), &sent)
		if err != nil {
			return response{}, fmt.Errorf("%s: %w", c.h.Node(), err)
		}
		answer, ok := v.(response)
		if !ok {
			return response{}, fmt.Errorf("%s answered %T", c.h.Node(), v)
		}
		if !answer.other {
			return answer, nil
		}
		c.life = answer.life
	}
}

// Close ends the session.
func (c *client) Close() error { return nil }

func open(h *cluster.Host) client { return client{h: h, session: h.Rand().Uint64()} }

// A Counter is a session with counters, which are 0 at first.
type Counter struct{ client }

// OpenCounter opens a session with the node that the host is bound to.
func (Store) OpenCounter(_ context.Context, h *cluster.Host) (*Counter, error) {
	return &Counter{open(h)}, nil
}

// Add adds n to a counter; less than 0 to take away.
func (c *Counter) Add(ctx context.Context, key string, n int) error {
	_, err := c.do(ctx, request{op: opCount, key: key, value: n})
	return err
}

// Sum returns a counter, as far as the node has heard.
func (c *Counter) Sum(ctx context.Context, key string) (int, error) {
	r, err := c.do(ctx, request{op: opSum, key: key})
	if err != nil {
		return 0, err
	}
	return r.values[0], nil
}

// A Set is a session with sets of integers, which are empty at first.
type Set struct{ client }

// OpenSet opens a session with the node that the host is bound to.
func (Store) OpenSet(_ context.Context, h *cluster.Host) (*Set, error) {
	return &Set{open(h)}, nil
}

// Add adds an element to a set, and returns a tag that no other add has.
func (c *Set) Add(ctx context.Context, key string, element int) (tag string, err error) {
	r, err := c.do(ctx, request{op: opAdd, key: key, value: element})
	if err != nil {
		return "", err
	}
	return r.tags()[0], nil
}

// Remove removes what the node has heard of an element, and returns the tags of the
// adds that it undoes. Other adds of it stay.
func (c *Set) Remove(ctx context.Context, key string, element int) (tags []string, err error) {
	r, err := c.do(ctx, request{op: opRemove, key: key, value: element})
	return r.tags(), err
}

func (r response) tags() (tags []string) {
	for _, d := range r.dots {
		tags = append(tags, strconv.FormatUint(d.Actor, 16)+"."+strconv.FormatUint(d.N, 10))
	}
	return tags
}

// Elements returns the elements of a set, sorted, as far as the node has heard.
func (c *Set) Elements(ctx context.Context, key string) ([]int, error) {
	r, err := c.do(ctx, request{op: opElements, key: key})
	return r.values, err
}

// A Register is a session with multi-value registers, which have no value at first.
type Register struct{ client }

// Seen is what a read has seen, for a write that is to take its place.
type Seen []dot

// OpenRegister opens a session with the node that the host is bound to.
func (Store) OpenRegister(_ context.Context, h *cluster.Host) (*Register, error) {
	return &Register{open(h)}, nil
}

// Siblings returns the values of a register that no other is known to have replaced.
func (c *Register) Siblings(ctx context.Context, key string) (values []int, seen Seen, err error) {
	r, err := c.do(ctx, request{op: opSiblings, key: key})
	return r.values, r.dots, err
}

// PutWith writes a value in the place of those that a read has seen, and beside all others.
func (c *Register) PutWith(ctx context.Context, key string, value int, seen Seen) error {
	_, err := c.do(ctx, request{op: opWrite, key: key, value: value, seen: seen})
	return err
}
