package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/model"
)

// A codec decodes ops as Jepsen records them into those of a model, and encodes them.
type codec[In, Out any] struct {
	fs     []string // what can be done
	silent []string // of these, what is answered no more than that it was done; see [unjudged]

	// decodeInput returns the input of an invocation.
	decodeInput func(op history.Op, j history.JepsenOp) (In, error)

	// decodeOutput returns the output of an OK, and whether it is known.
	decodeOutput func(in In, j history.JepsenOp) (Out, bool, error)

	// encode is the way back: it returns the f and the value of a call with the output
	// out, if that is known, and whether Jepsen would call it a failure.
	encode func(in In, out Out, known bool) (f string, value any, failed bool)
}

// A boxedCodec is a codec without its types, so that the compiler makes what follows once.
type boxedCodec struct {
	fs, silent   []string
	decodeInput  func(op history.Op, j history.JepsenOp) (any, error)
	decodeOutput func(in any, j history.JepsenOp) (any, bool, error)
	encode       func(in, out any) (f string, value any, failed bool) // failed if the output is known and Jepsen would call it that
	takes        func(in any) bool
}

func boxed[In, Out any](d codec[In, Out]) *boxedCodec {
	return &boxedCodec{
		fs: d.fs, silent: d.silent,
		decodeInput: func(op history.Op, j history.JepsenOp) (any, error) { return d.decodeInput(op, j) },
		decodeOutput: func(in any, j history.JepsenOp) (any, bool, error) {
			return d.decodeOutput(in.(In), j)
		},
		encode: func(in, output any) (string, any, bool) {
			out, known := output.(Out)
			f, value, failed := d.encode(in.(In), out, known)
			return f, value, failed && known
		},
		takes: func(in any) bool { _, ok := in.(In); return ok },
	}
}

// translator returns a function that makes ops of the model, one after the other. A
// call that is OK without a known output becomes indeterminate: it may have taken
// effect.
func (d *boxedCodec) translator() func(history.Op) (history.Op, error) {
	open := map[int]request{}
	return func(op history.Op) (history.Op, error) {
		if op.Process == history.Nemesis {
			return op, nil
		}
		err := d.op(&op, open)
		return op, err
	}
}

// A request is what a call asked, as a model has it and as it was recorded.
type request struct {
	in any
	as history.JepsenOp
}

// op translates one op.
func (d *boxedCodec) op(op *history.Op, open map[int]request) (err error) {
	if op.Type == history.Invoke {
		j, _ := op.Input.(history.JepsenOp)
		if !slices.Contains(d.fs, j.F) {
			return otherF{j.F, d.fs}
		}
		in, err := d.decodeInput(*op, j)
		op.Input, open[op.Process] = in, request{in, j}
		return err
	}
	asking, asked := open[op.Process]
	delete(open, op.Process)
	j, _ := op.Output.(history.JepsenOp)
	op.Output = nil
	if op.Type != history.OK || !asked {
		return nil
	}
	if j.Value == false && slices.Contains(conditional, j.F) {
		op.Type = history.Fail // "no" is an answer
		return nil
	}
	out, known, err := d.decodeOutput(asking.in, j)
	if err == nil && slices.Contains(d.silent, asking.as.F) {
		err = unjudged(asking.as, j)
	}
	if op.Output = out; !known || err != nil {
		op.Type, op.Output = history.Info, nil
	}
	return err
}

// conditional are the calls of which false is an answer: what they ask for was not done.
var conditional = []string{"cas", "acquire"}

// An otherF says that a model knows nothing of what was done.
type otherF struct {
	f     string
	known []string
}

func (o otherF) Error() string {
	return fmt.Sprintf("f %q is none of %s%s\n  if it means one of these, say --rename f:%s=NAME", o.f, listed(o.known), hint(o.f), o.f)
}

// listed returns the names of operations for an error: those that are words.
func listed(fs []string) string {
	words := slices.DeleteFunc(slices.Clone(fs), func(f string) bool { return f == "" || f[0] <= '9' })
	return strings.Join(words, ", ")
}

// hint names the models that know f.
func hint(f string) string {
	var all []string
	for _, m := range All() {
		if slices.Contains(m.Fs, f) {
			all = append(all, m.Name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "; models that know it: " + strings.Join(all, ", ")
}

// withoutModel says what calls are of which the catalog has no model, though Jepsen has;
// it is empty for others.
func withoutModel(op history.Op) string {
	j, _ := op.Input.(history.JepsenOp)
	kinds := []string{j.F}
	if steps, ok := j.Value.([]any); ok {
		for _, s := range steps {
			if step, ok := s.([]any); ok && len(step) > 0 {
				kinds = append(kinds, name(step[0]))
			}
		}
	}
	for _, k := range kinds {
		switch strings.TrimPrefix(k, ":") {
		case "send", "poll":
			return "these are sends and polls of Jepsen's kafka workload: judge them with --model kafka"
		case "append":
			if j.F == "txn" || len(kinds) > 1 {
				return "these are transactions of Elle's list-append: judge them with --model list-append"
			}
		}
	}
	return ""
}

// integer returns a value that is an integer.
func integer(v any) (int, error) {
	switch v := v.(type) {
	case int64:
		return int(v), nil
	case int:
		return v, nil
	}
	return 0, fmt.Errorf("value %s is no integer", ednText(v))
}

// ednText spells a value for an error.
func ednText(v any) string {
	b, err := edn.Append(nil, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// name returns a value that is a name: a string as it is, anything else as EDN.
func name(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return ednText(v)
}

// integers returns a value that is a vector, a list or a set of integers.
func integers(v any) ([]int, error) {
	var all []any
	switch v := v.(type) {
	case []any:
		all = v
	case edn.List:
		all = v
	case edn.Set:
		all = v
	default:
		return nil, fmt.Errorf("value %s is no collection", ednText(v))
	}
	list := []int{}
	for _, e := range all {
		n, err := integer(e)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// found returns the integers that a read found: none if it was answered nil.
func found(v any) ([]int, error) {
	if v == nil {
		return []int{}, nil
	}
	return integers(v)
}

// register translates reads, writes and cas on registers. A read of nil has found
// nothing. Cas answers what it found if found is true.
func register(found bool) codec[model.RegisterOp, int] {
	return codec[model.RegisterOp, int]{
		encode: encodeRegister(found),
		fs:     []string{"read", "write", "cas"}, silent: []string{"write", "cas"},
		decodeInput: func(op history.Op, j history.JepsenOp) (in model.RegisterOp, err error) {
			in = model.RegisterOp{F: j.F, Key: op.Key}
			switch j.F {
			case "write":
				in.Value, err = number(j.Value)
			case "cas":
				pair, ok := j.Value.([]any)
				if !ok || len(pair) != 2 {
					return in, fmt.Errorf("value %s of a cas is no pair of what is expected and what is put", ednText(j.Value))
				}
				if in.Old, err = number(pair[0]); err == nil {
					in.Value, err = number(pair[1])
				}
			}
			return in, err
		},
		decodeOutput: func(in model.RegisterOp, j history.JepsenOp) (int, bool, error) {
			switch in.F {
			case "cas":
				pair, ok := j.Value.([]any)
				if !ok || len(pair) != 2 {
					return in.Old, true, nil // silent
				}
				return in.Old, true, errors.Join(repeats(in.Old, pair[0], number), repeats(in.Value, pair[1], number))
			case "write":
				return 0, true, repeats(in.Value, j.Value, number)
			}
			n, err := number(j.Value)
			return n, !j.Unknown, err
		},
	}
}

// number returns a value that is an integer, or nothing.
func number(v any) (int, error) {
	if v == nil {
		return model.Nil, nil
	}
	return integer(v)
}

// repeats returns an error if a completion has another value than its invocation, or says
// false. One that has none, or a value of another kind, says nothing of it.
func repeats[T comparable](put T, answered any, decode func(any) (T, error)) error {
	if answered == nil {
		return nil
	}
	v, err := decode(answered)
	switch {
	case err == nil && v != put:
		return &history.FlawError{Flaw: history.WrongAnswer,
			Text: fmt.Sprintf("the answer has the value %s, but what was invoked is %v", ednText(answered), put)}
	case err != nil && answered == false:
		return &history.FlawError{Flaw: history.WrongAnswer, Text: "the answer is false, but its type is ok: what was not done has the type fail"}
	}
	return nil
}

// copies translates reads and writes whose answers are versions.
func copies() codec[model.CacheOp, model.Copy] {
	return codec[model.CacheOp, model.Copy]{
		fs: []string{"read", "write"},
		decodeInput: func(op history.Op, j history.JepsenOp) (model.CacheOp, error) {
			return model.CacheOp{F: j.F, Key: op.Key}, nil
		},
		decodeOutput: func(_ model.CacheOp, j history.JepsenOp) (model.Copy, bool, error) {
			if j.Value == nil {
				return model.Copy{}, true, nil
			}
			n, err := integer(j.Value)
			return model.Copy{Version: n}, true, err
		},
	}
}

// multiRegister translates transactions of reads and writes.
func multiRegister() codec[[]model.RegisterOp, []int] {
	names := map[string]string{"read": "read", "r": "read", "write": "write", "w": "write"}
	each := func(v any, do func(f, key string, v any) error) error {
		mops, ok := v.([]any)
		if !ok {
			return fmt.Errorf("value %s is no transaction", ednText(v))
		}
		for _, m := range mops {
			mop, ok := m.([]any)
			if !ok || len(mop) != 3 {
				return fmt.Errorf("%s is no step of a transaction", ednText(m))
			}
			f, _ := mop[0].(edn.Keyword)
			if names[string(f)] == "" {
				return fmt.Errorf("%s in a transaction is neither a read nor a write", ednText(m))
			}
			if err := do(names[string(f)], name(mop[1]), mop[2]); err != nil {
				return err
			}
		}
		return nil
	}
	return codec[[]model.RegisterOp, []int]{
		encode: encodeMulti,
		fs:     []string{"txn", "read", "write", ""},
		decodeInput: func(_ history.Op, j history.JepsenOp) (in []model.RegisterOp, err error) {
			err = each(j.Value, func(f, key string, v any) (err error) {
				o := model.RegisterOp{F: f, Key: key}
				if f == "write" {
					o.Value, err = number(v)
				}
				in = append(in, o)
				return err
			})
			return in, err
		},
		decodeOutput: func(in []model.RegisterOp, j history.JepsenOp) (out []int, known bool, err error) {
			if j.Unknown || j.Value == nil {
				return nil, false, nil
			}
			err = each(j.Value, func(f, key string, v any) error {
				n, err := number(v)
				i := len(out)
				if i >= len(in) || in[i].F != f || in[i].Key != key {
					return &history.FlawError{Flaw: history.WrongAnswer, Text: "the answer " + ednText(j.Value) + " has other steps than what was invoked"}
				}
				if f == "write" {
					err, n = repeats(in[i].Value, v, number), 0
				}
				out = append(out, n)
				return err
			})
			if err == nil && len(out) < len(in) {
				err = &history.FlawError{Flaw: history.WrongAnswer, Text: "the answer " + ednText(j.Value) + " lacks steps of what was invoked"}
			}
			return out, true, err
		},
	}
}

// kvNames are other names of what [model.KV] knows.
var kvNames = map[string]string{"read": "get", "write": "put", "0": "get", "1": "put", "2": "append"}

// numbers012 are the names of porcupine's own model of a key-value store.
var numbers012 = map[string]string{"0": "get", "1": "put", "2": "append"}

// stringStore translates puts, gets, appends and cas of strings. What is not a string is
// as EDN spells it; nil is nothing, as is what was never put.
func stringStore() codec[model.KVOp, string] {
	return codec[model.KVOp, string]{
		encode: encodeKV,
		fs:     []string{"get", "put", "append", "cas", "read", "write", "0", "1", "2"},
		silent: []string{"put", "cas", "write", "1"},
		decodeInput: func(op history.Op, j history.JepsenOp) (model.KVOp, error) {
			in := model.KVOp{F: j.F, Key: op.Key}
			if f, ok := kvNames[j.F]; ok {
				in.F = f
			}
			switch in.F {
			case "get":
				if v := text(j.Value); j.F == "0" && v != "" {
					return in, fmt.Errorf("f 0 is porcupine's get, but it has the value %s: name the calls with --rename f:0=NAME", ednText(j.Value))
				}
			case "cas":
				pair, ok := j.Value.([]any)
				if !ok || len(pair) != 2 {
					return in, fmt.Errorf("value %s of a cas is no pair of what is expected and what is put", ednText(j.Value))
				}
				in.Old, in.Value = text(pair[0]), text(pair[1])
			default:
				in.Value = text(j.Value)
			}
			return in, nil
		},
		decodeOutput: func(in model.KVOp, j history.JepsenOp) (string, bool, error) {
			switch {
			case in.F == "get":
				return text(j.Value), !j.Unknown, nil
			case in.F == "put":
				return "", true, repeats(in.Value, j.Value, value)
			case in.F == "append":
				if acknowledges(j.Value) || text(j.Value) == in.Value {
					return "", true, nil
				}
				left, isText := j.Value.(string) // the string that it left
				if !isText || !strings.HasSuffix(left, in.Value) {
					return "", true, repeats(in.Value, any(text(j.Value)), value)
				}
				return left, true, nil
			}
			return "", true, nil
		},
	}
}

// text returns a string that stands for a value; nil is the empty one.
func text(v any) string {
	if v == nil {
		return ""
	}
	return name(v)
}

// value returns the string that a completion repeats. A word that all is well is none.
func value(v any) (string, error) {
	if acknowledges(v) {
		return "", errors.New("no value")
	}
	return text(v), nil
}

// lock translates acquisitions and releases. Who asks is the process. An
// acquisition of a fenced lock may be answered with a token.
func lock(fenced bool) codec[model.LockOp, int] {
	silent := []string{"acquire", "release"}
	if fenced {
		silent = silent[1:]
	}
	return codec[model.LockOp, int]{
		encode: encodeLock,
		fs:     []string{"acquire", "release"}, silent: silent,
		decodeInput: func(op history.Op, j history.JepsenOp) (model.LockOp, error) {
			return model.LockOp{F: j.F, Key: op.Key, Client: op.Process}, nil
		},
		decodeOutput: func(in model.LockOp, j history.JepsenOp) (int, bool, error) {
			if !fenced || in.F != "acquire" || acknowledges(j.Value) {
				return 0, true, nil
			}
			token, err := integer(j.Value)
			return token, true, err
		},
	}
}
