package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// unknownMany is the model of registers that are read and written several at once, and
// whose initial values are not known: as [model.MultiRegister], but the first
// read of a register that nothing was written to finds what the register held. So a history
// is linearizable if some first values of all keys together make it so, and no values need be
// tried. 0 and nil are one first value, as for MultiRegister.
func unknownMany() model.Model[string, []model.RegisterOp, []int] {
	return model.Model[string, []model.RegisterOp, []int]{
		Name:     model.MultiRegister().Name,
		Describe: model.MultiRegister().Describe,
		Step: func(s string, in []model.RegisterOp, out []int) (string, bool) {
			known := parseKnown(s)
			ok := len(out) == len(in)
			for i, o := range in {
				if o.F == "write" {
					known.set(o.Key, strconv.Itoa(o.Value))
				} else if ok {
					ok = known.see(o.Key, out[i])
				}
			}
			return known.String(), ok
		},
	}
}

// nothing is what a register holds at first that may be read as 0 and as nil.
const nothing = "nothing"

// known lists what registers are known to hold, by their quoted names.
type known [][2]string

func parseKnown(s string) (k known) {
	for pair := range strings.SplitSeq(s, ";") {
		if i := strings.LastIndexByte(pair, '='); i >= 0 {
			k = append(k, [2]string{pair[:i], pair[i+1:]})
		}
	}
	return k
}

// find returns where a register stands, and whether it is known.
func (k known) find(quoted string) (int, bool) {
	return slices.BinarySearchFunc(k, quoted, func(p [2]string, q string) int { return strings.Compare(p[0], q) })
}

func (k *known) set(key, value string) {
	q := quotedName(key)
	i, ok := k.find(q)
	if ok {
		(*k)[i][1] = value
		return
	}
	*k = slices.Insert(*k, i, [2]string{q, value})
}

// see reports whether a register may be read as v. If nothing is known of it, then v is
// what it held at first.
func (k *known) see(key string, v int) bool {
	value := strconv.Itoa(v)
	i, ok := k.find(quotedName(key))
	switch {
	case ok && (*k)[i][1] == nothing:
		return v == 0 || v == model.Nil
	case ok:
		return (*k)[i][1] == value
	case v == 0 || v == model.Nil:
		value = nothing
	}
	k.set(key, value)
	return true
}

// String joins what is known, in the order of the names.
func (k known) String() string {
	var b strings.Builder
	for _, p := range k {
		fmt.Fprintf(&b, "%s=%s;", p[0], p[1])
	}
	return b.String()
}

// quotedName quotes a name so that it has no semicolon in it.
func quotedName(key string) string { return strings.ReplaceAll(strconv.Quote(key), ";", `\x3b`) }

// unknownStrings is the model of strings by key whose values are unknown at
// first: as [model.KV], but a get or a cas that comes before any put finds what was there
// at first, and what was appended to it. A state is a string behind a mark: of one that is
// known, or of what was appended to one that is not.
func unknownStrings() model.Model[string, model.KVOp, string] {
	const isKnown, isUnknown = "=", "?"
	kv := model.KV()
	return model.Model[string, model.KVOp, string]{
		Name: kv.Name, Key: kv.Key, Describe: kv.Describe, Init: isUnknown,
		Step: func(s string, in model.KVOp, out string) (string, bool) {
			saw := out
			switch in.F {
			case "put":
				return isKnown + in.Value, true
			case "append":
				return s + in.Value, true
			case "cas":
				saw = in.Old
			}
			if s[:1] == isKnown && s[1:] != saw || !strings.HasSuffix(saw, s[1:]) {
				return s, false
			}
			if in.F == "cas" {
				return isKnown + in.Value, true
			}
			return isKnown + saw, in.F == "get"
		},
	}
}

// appends reports whether anything is appended in a history of strings: then what a
// call saw says nothing of what was there at first without what was appended.
func appends(h *history.History) bool {
	for op := range h.Ops() {
		if in, ok := op.Input.(model.KVOp); ok && in.F == "append" {
			return true
		}
	}
	return false
}
