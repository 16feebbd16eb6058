package checker

import (
	"slices"
	"strings"
)

// refineKV finds out what each append found, from the strings that gets saw. If
// every value was put or appended once, and each string is made of values in one way
// only, then a get that saw "abc" says that b was appended to "a", and c to "ab". So an
// append is a swap of the one for the other, and [zoning] can decide. An append
// that no get shows stands at the end of what was put before it: nobody saw what
// it left, so it may as well have been a put. It returns false if values are not unique,
// or may be read in several ways. The cost is linear in the length of all strings.
func refineKV(calls facts[KVOp, string]) (r refinement[string], ok bool) {
	brought := 0
	for i := range calls.n {
		if calls.of(i).in.F != "get" {
			brought++
		}
	}
	p := pieces{at: make(map[string]int32, brought)}
	for i := range calls.n {
		c := calls.of(i)
		if c.in.F == "get" {
			continue
		}
		if c.in.F == "cas" || c.in.F == "append" && c.known && c.out != "" {
			return r, false
		}
		if _, twice := p.at[c.in.Value]; twice || c.in.Value == "" {
			return r, false
		}
		p.add(c.in.Value, int32(i))
	}
	r.by, r.shown = make([]Access[string], calls.n), make([]int32, calls.n)
	for i := range r.shown {
		r.shown[i] = none
		c := calls.of(i)
		switch {
		case c.in.F == "put":
			r.by[i] = Access[string]{Writes: true, Put: c.in.Value}
		case c.in.F == "append":
			r.by[i] = Access[string]{Writes: c.known, Put: "\x00" + c.in.Value}
		case c.known:
			r.by[i] = Access[string]{Reads: true, Saw: c.out}
		}
	}
	for i := range calls.n {
		if c := calls.of(i); c.in.F != "get" || !c.known {
			continue
		}
		if ok := p.read(calls, i, &r); !ok {
			return r, false
		}
	}
	return r, true
}

// pieces are the values that strings are made of.
type pieces struct {
	at      map[string]int32 // which call brought a value
	lengths []int
}

func (p *pieces) add(value string, call int32) {
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
func (p *pieces) first(s string) int {
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

// read takes apart what a get saw. It returns false if there are several ways.
func (p *pieces) read(calls facts[KVOp, string], get int, r *refinement[string]) bool {
	whole := calls.of(get).out
	clash := func(with ...int) {
		if r.clash == nil {
			r.clash = append(with, get)
		}
	}
	for pos := 0; pos < len(whole); {
		call := p.first(whole[pos:])
		if call == -2 {
			return false
		}
		if call == -1 {
			clash()
			return true
		}
		in := calls.of(call).in
		if pos > 0 && in.F == "put" {
			clash()
			return true
		}
		next := pos + len(in.Value)
		if in.F == "append" {
			was := Access[string]{Reads: true, Saw: whole[:pos], Writes: true, Put: whole[:next]}
			if by := int(r.shown[call]); by < 0 {
				r.shown[call] = int32(get)
				r.by[call] = was
			} else if r.by[call] != was {
				if by == get {
					clash(call)
				} else {
					clash(call, by)
				}
				return true
			}
		}
		pos = next
	}
	return true
}

// foldKV makes one of all strings that no get saw and no cas expects, nor the beginning
// of: whatever is appended, none will see them.
func foldKV(calls []fact[KVOp, string]) func(string) string {
	var seen []string
	for _, c := range calls {
		if c.known && (c.in.F == "get" || c.in.F == "append" && c.out != "") {
			seen = append(seen, c.out)
		}
		if c.in.F == "cas" {
			seen = append(seen, c.in.Old)
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

// foundedKV reports whether the string that a get saw, or that a cas found, can be made
// of what others put and appended.
func foundedKV(c fact[KVOp, string], calls []fact[KVOp, string]) bool {
	return foundedIn(c, calls, 3)
}

// foundedIn is foundedKV. A cas of unknown outcome explains nothing if nothing explains
// what it expects; that is followed to a depth.
func foundedIn(c fact[KVOp, string], calls []fact[KVOp, string], depth int) bool {
	saw := c.out
	switch c.in.F {
	case "cas":
		saw = c.in.Old
	case "put", "append":
		return true
	}
	can := make([]bool, len(saw)+1) // whether the string up to here can
	can[0] = true
	for at := range len(saw) {
		for _, o := range calls {
			first := at == 0 && (o.in.F == "put" || o.in.F == "cas")
			if !can[at] || o.call >= c.ret || o.call == c.call || o.in.F != "append" && !first || !strings.HasPrefix(saw[at:], o.in.Value) {
				continue
			}
			if o.in.F == "cas" && !o.known && depth > 0 && !foundedIn(o, calls, depth-1) {
				continue
			}
			can[at+len(o.in.Value)] = true
		}
	}
	return can[len(saw)]
}
