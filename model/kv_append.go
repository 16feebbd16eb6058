package model

import (
	"slices"
	"strings"
)

// inferKV infers what each append found, from the strings that gets saw. If
// every value was put or appended once, and each string is made of values in one way
// only, then a get that saw "abc" says that b was appended to "a", and c to "ab". So an
// append is a swap of the one for the other, and zones can decide. An append
// that no get shows counts as a put, since no get saw what
// it left. It returns false if values are not unique,
// or a string can be split into values in several ways. The cost is linear in the length of all strings.
func inferKV(calls Calls[KVOp, string]) (r Inference[string], ok bool) {
	brought := 0
	for i := range calls.N {
		if calls.At(i).In.F != "get" {
			brought++
		}
	}
	p := valueTable{at: make(map[string]int32, brought)}
	for i := range calls.N {
		c := calls.At(i)
		if c.In.F == "get" {
			continue
		}
		if c.In.F == "cas" || c.In.F == "append" && c.Known && c.Out != "" {
			return r, false
		}
		if _, twice := p.at[c.In.Value]; twice || c.In.Value == "" {
			return r, false
		}
		p.add(c.In.Value, int32(i))
	}
	r.By, r.ShownBy = make([]Access[string], calls.N), make([]int32, calls.N)
	for i := range r.ShownBy {
		r.ShownBy[i] = None
		c := calls.At(i)
		switch {
		case c.In.F == "put":
			r.By[i] = Access[string]{Writes: true, Put: c.In.Value}
		case c.In.F == "append":
			r.By[i] = Access[string]{Writes: c.Known, Put: "\x00" + c.In.Value}
		case c.Known:
			r.By[i] = Access[string]{Reads: true, Saw: c.Out}
		}
	}
	for i := range calls.N {
		if c := calls.At(i); c.In.F != "get" || !c.Known {
			continue
		}
		if ok := p.read(calls, i, &r); !ok {
			return r, false
		}
	}
	return r, true
}

// A valueTable has the values that strings consist of.
type valueTable struct {
	at      map[string]int32 // the call of each value
	lengths []int
}

func (p *valueTable) add(value string, call int32) {
	p.at[value] = call
	for _, n := range p.lengths {
		if n == len(value) {
			return
		}
	}
	p.lengths = append(p.lengths, len(value))
}

// first returns the call whose value the string begins with, -1 if there is none,
// and -2 if there are several.
func (p *valueTable) first(s string) int {
	found := -1
	for _, n := range p.lengths {
		if n > len(s) {
			continue
		}
		if call, ok := p.at[s[:n]]; ok {
			if found >= 0 {
				return -2
			}
			found = int(call)
		}
	}
	return found
}

// read splits what a get saw into values, and records what each append found. It returns false if there are several ways.
func (p *valueTable) read(calls Calls[KVOp, string], get int, r *Inference[string]) bool {
	whole := calls.At(get).Out
	conflict := func(with ...int) {
		if r.Conflict == nil {
			r.Conflict = append(with, get)
		}
	}
	for pos := 0; pos < len(whole); {
		call := p.first(whole[pos:])
		if call == -2 {
			return false
		}
		if call == -1 {
			conflict()
			return true
		}
		in := calls.At(call).In
		if pos > 0 && in.F == "put" {
			conflict()
			return true
		}
		next := pos + len(in.Value)
		if in.F == "append" {
			was := Access[string]{Reads: true, Saw: whole[:pos], Writes: true, Put: whole[:next]}
			if by := int(r.ShownBy[call]); by < 0 {
				r.ShownBy[call] = int32(get)
				r.By[call] = was
			} else if r.By[call] != was {
				if by == get {
					conflict(call)
				} else {
					conflict(call, by)
				}
				return true
			}
		}
		pos = next
	}
	return true
}

// canonicalKV makes one of all strings that no get saw and no cas expects, nor the beginning
// of: whatever is appended, none will see them.
func canonicalKV(calls []Call[KVOp, string]) func(string) string {
	var seen []string
	for _, c := range calls {
		if c.Known && (c.In.F == "get" || c.In.F == "append" && c.Out != "") {
			seen = append(seen, c.Out)
		}
		if c.In.F == "cas" {
			seen = append(seen, c.In.Old)
		}
	}
	slices.Sort(seen)
	begins := func(s string) bool {
		i, _ := slices.BinarySearch(seen, s)
		return i < len(seen) && strings.HasPrefix(seen[i], s)
	}
	unseen := "\x00"
	for begins(unseen) {
		unseen += "\x00"
	}
	return func(s string) string {
		if s == "" || begins(s) {
			return s
		}
		return unseen
	}
}

// justifiedKV reports whether the string that a get saw, or that a cas found, can be made
// of what others put and appended.
func justifiedKV(c Call[KVOp, string], calls []Call[KVOp, string]) bool {
	return justifiedWithin(c, calls, 3)
}

// justifiedWithin is justifiedKV. An indeterminate cas justifies nothing if nothing justifies
// what it expects; that is followed to a depth.
func justifiedWithin(c Call[KVOp, string], calls []Call[KVOp, string], depth int) bool {
	saw := c.Out
	switch c.In.F {
	case "cas":
		saw = c.In.Old
	case "put", "append":
		return true
	}
	can := make([]bool, len(saw)+1) // whether the string up to here can
	can[0] = true
	for at := range len(saw) {
		for _, o := range calls {
			first := at == 0 && (o.In.F == "put" || o.In.F == "cas")
			if !can[at] || o.Invoked >= c.Returned || o.Invoked == c.Invoked || o.In.F != "append" && !first || !strings.HasPrefix(saw[at:], o.In.Value) {
				continue
			}
			if o.In.F == "cas" && !o.Known && depth > 0 && !justifiedWithin(o, calls, depth-1) {
				continue
			}
			can[at+len(o.In.Value)] = true
		}
	}
	return can[len(saw)]
}
