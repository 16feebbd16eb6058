package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/words"
)

// A KVOp is an input of [KV]. Its output is a string: what a get saw. A cas that was
// done found Old; one that found something else must be recorded as a Fail.
type KVOp struct {
	F     string `json:"f"` // get, put, append or cas
	Key   string `json:"key,omitempty"`
	Old   string `json:"old,omitempty"` // what a cas expects
	Value string `json:"value,omitempty"`
}

// String says what is asked, without the key.
func (o KVOp) String() string {
	switch o.F {
	case "get":
		return o.F
	case "cas":
		return fmt.Sprintf("cas %q → %q", o.Old, o.Value)
	}
	return fmt.Sprintf("%s %q", o.F, o.Value)
}

// KV is the model of a map from strings to strings, which are empty at first. A
// history whose values are unique, and can be distinguished in the strings that gets saw, is checked
// in O(n log n), appends included.
func KV() Model[string, KVOp, string] {
	return Model[string, KVOp, string]{
		Name: "kv",
		Step: func(s string, in KVOp, out string) (string, bool) {
			switch in.F {
			case "put":
				return in.Value, true
			case "append": // which may be answered the string that it left
				s += in.Value
				return s, out == "" || out == s
			case "cas":
				if s != in.Old {
					return s, false
				}
				return in.Value, true
			}
			return s, in.F == "get" && s == out
		},
		Key: func(in KVOp) string { return in.Key },
		Describe: func(in KVOp, out string, known bool) string {
			switch {
			case in.F == "append" && known && out != "":
				return fmt.Sprintf("%v → %q", in, out)
			case in.F != "get":
				return in.String()
			case !known:
				return "get → ?"
			}
			return fmt.Sprintf("get → %q", out)
		},
		Pure: func(in KVOp, _ string) bool { return in.F == "get" || in.F == "cas" && in.Old == in.Value },
		Access: func(in KVOp, out string, known bool) (Access[string], bool) {
			switch in.F {
			case "get":
				return Access[string]{Reads: known, Saw: out}, true
			case "put":
				return Access[string]{Writes: true, Put: in.Value}, true
			case "cas":
				return Access[string]{Reads: true, Saw: in.Old, Writes: true, Put: in.Value}, true
			}
			return Access[string]{}, false
		},
		Accelerators: Accelerators[string, KVOp, string]{
			Infer:          inferKV,
			NeedsInference: func(in KVOp) bool { return in.F == "append" },
			Canonical:      canonicalKV,
			Justified:      justifiedKV,
		},
	}
}

// MultiRegister is the model of integer registers of which several are read and
// written at once. An input lists reads and writes, which take effect in their
// order; the output has what each read saw, and 0 for a write. All registers are 0
// at first. A read may be answered [Nil] as well, if it found nothing, but not once anything
// was written to the register.
func MultiRegister() Model[string, []RegisterOp, []int] {
	return Model[string, []RegisterOp, []int]{
		Name: "multi-register",
		Step: stepMulti,
		Pure: func(in []RegisterOp, _ []int) bool {
			return !slices.ContainsFunc(in, func(o RegisterOp) bool { return o.F != "read" })
		},
		Describe: func(in []RegisterOp, out []int, known bool) string {
			var parts []string
			for i, o := range in {
				s := touched(o)
				if known && o.F == "read" && i < len(out) {
					s = fmt.Sprintf("%s → %s", s, words.Value(out[i]))
				}
				parts = append(parts, s)
			}
			return strings.Join(parts, ", ")
		},
	}
}

// touched describes an input and its register.
func touched(o RegisterOp) string {
	if o.F == "read" {
		return "read " + o.Key
	}
	return fmt.Sprintf("%s %s %s", o.F, o.Key, words.Value(o.Value))
}

// stepMulti keeps the registers that were written as "x=1;y=2;", in the order of their names.
func stepMulti(s string, in []RegisterOp, out []int) (string, bool) {
	ok := len(out) == len(in)
	for i, o := range in {
		if o.F == "write" {
			s = setRegister(s, o.Key, o.Value)
			continue
		}
		v, written := getRegister(s, o.Key)
		if ok && out[i] != v && (written || out[i] != Nil) {
			ok = false
		}
	}
	return s, ok
}

// getRegister returns what a register holds, and whether anything was written to it.
func getRegister(s, key string) (v int, written bool) {
	for pair := range strings.SplitSeq(s, ";") {
		if k, v, _ := strings.Cut(pair, "="); k == strconv.Quote(key) {
			n, _ := strconv.Atoi(v)
			return n, true
		}
	}
	return 0, false
}

// setRegister returns the state with another value of a register.
func setRegister(s, key string, value int) string {
	pairs := []string{fmt.Sprintf("%q=%d", key, value)}
	for pair := range strings.SplitSeq(s, ";") {
		if k, _, _ := strings.Cut(pair, "="); pair != "" && k != strconv.Quote(key) {
			pairs = append(pairs, pair)
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ";")
}
