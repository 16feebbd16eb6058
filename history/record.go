package history

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// typeField is the field in which our EDN says what an op of the nemesis is:
// those of Jepsen's nemesis are all infos.
const typeField = "capsize/type"

// records makes ops of the records of Jepsen's kind, one after the other.
type records struct {
	opts      Options
	order     order // of time: faults need not pair
	pairs     pairs
	sequence  sequence
	keys      keyed
	fields    fieldNames
	numbered  bool                   // ops have processes
	anonymous bool                   // ops have none
	untimed   bool                   // ops without a time are to be written without one
	names     map[string]int         // the processes that have names, by these
	ids       map[string]int         // the processes of pending calls that have only an id
	waiting   []Op                   // the open invocations that had none
	free      []int                  // processes given to ops without one, and free again
	given     int                    // how many were given
	strings   map[string]string      // keys, nodes and f, each kept once
	texts     map[edn.Keyword]string // the errors that are keywords, each kept once
}

func newRecords(opts Options) *records {
	return &records{opts: opts, pairs: pairs{opts: opts}, fields: newFieldNames(opts.Rename)}
}

// A record is an op with its fields as a file has them.
type record struct {
	line     int
	number   int   // of the op in the file, from 1, if its line has others
	index    int64 // below 0 if there is none
	time     int64
	timed    bool
	process  any // int64, string, Keyword(nemesisName) or nil
	id       string
	kind     any // nil, or a Type
	fault    any // nil, or a Type
	hasF     bool
	hasValue bool
	op       JepsenOp
	err      any
	node     string
	key      string
	hasKey   bool // it says which key it is of, if only ""
}

// hasTime reports whether the record says when the op took place. Elle writes -1 for
// what it does not know.
func (rec *record) hasTime() bool { return rec.timed && rec.time >= 0 }

// client reports whether the record is of an op of a client.
func (rec *record) client() bool { return rec.process != edn.Keyword(nemesisName) }

// processName returns the process as the file has it.
func (rec *record) processName(number int) string {
	if name, ok := rec.process.(string); ok {
		return strconv.Quote(name)
	}
	return strconv.Itoa(number)
}

// errHeader says that a record is none of an op.
var errHeader = errors.New("neither type, process, f nor value: that is no op")

// set sets a field of a record.
func (r *records) set(rec *record, name string, v any) (err error) {
	switch name = r.fields.canonical(name); name {
	case "index":
		if n, ok := v.(int64); ok {
			rec.index = n
		} else if v != nil {
			err = fmt.Errorf("index %s is no whole number", lex.Clip(edn.Must(v)))
		}
	case "time":
		if n, ok := v.(int64); ok {
			rec.time = n
			rec.timed = true
		} else if v != nil {
			err = fmt.Errorf("time %s is no whole number of 64 bits", lex.Clip(edn.Must(v)))
		}
	case "process":
		err = rec.setProcess(v)
	case "type":
		rec.kind, err = typeOf(v)
	case typeField:
		rec.fault, err = typeOf(v)
	case "f":
		rec.op.F, rec.hasF = r.fields.f(r.intern(nameText(v))), true
	case "value":
		rec.op.Value, rec.hasValue = v, true
	case "error":
		rec.err = v
	default:
		if s, ok := v.(string); ok && name == "node" {
			rec.node = r.intern(s)
		} else if ok && name == "key" {
			rec.key, rec.hasKey = r.intern(s), true
		} else {
			rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword(name), Value: v})
		}
	}
	return err
}

func (rec *record) setProcess(v any) error {
	switch p := v.(type) {
	case nil:
		return nil
	case int64:
		if p >= 0 && int64(int(p)) == p {
			rec.process = p
			return nil
		}
	case edn.Keyword:
		if p == nemesisName {
			rec.process = p
			return nil
		}
	case string:
		if p == nemesisName || p == ":"+nemesisName {
			rec.process = edn.Keyword(nemesisName)
			return nil
		}
		rec.process = p
		return nil
	}
	return fmt.Errorf("process %s is neither a number from 0 on, nor a name, nor :nemesis", lex.Clip(edn.Must(v)))
}

// typeOf returns the Type that a value names, or nil for nil.
func typeOf(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if t, ok := typeWords[nameText(v)]; ok {
		return t, nil
	}
	return ParseType(nameText(v))
}

// nameText returns the text of a name.
func nameText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case edn.Keyword:
		return string(v)
	case string:
		return v
	}
	return edn.Must(v)
}

// intern returns s, kept once.
func (r *records) intern(s string) string {
	if kept, ok := r.strings[s]; ok {
		return kept
	}
	if r.strings == nil {
		r.strings = map[string]string{}
	}
	if len(r.strings) < lex.MaxNames && len(s) <= lex.MaxName {
		r.strings[s] = s
	}
	return s
}

// internBytes returns the string of s, kept once.
func (r *records) internBytes(s []byte) string {
	if kept, ok := r.strings[string(s)]; ok {
		return kept
	}
	return r.intern(string(s))
}

// errText returns the text of an error: that of a string is the string.
func (r *records) errText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case edn.Keyword:
		if s, ok := r.texts[v]; ok {
			return s
		}
		if r.texts == nil {
			r.texts = map[edn.Keyword]string{}
		}
		s := ":" + string(v)
		if len(r.texts) < lex.MaxNames && len(s) <= lex.MaxName {
			r.texts[v] = s
		}
		return s
	}
	return edn.Must(v)
}

// isOp reports whether a record is one of an op, once its fields have been set. What
// has neither process, f nor value is a header, or says in which phase the ops are.
func (r *records) isOp(rec *record) bool {
	return rec.process != nil || rec.id != "" || rec.hasF || rec.hasValue || rec.key != "" || rec.kind != nil && rec.kind != Info
}

// op makes an op of a record.
func (r *records) op(rec *record) (Op, error) {
	if rec.kind == nil {
		if rec.process == nil && !rec.hasF && !rec.hasValue {
			return Op{}, errHeader
		}
		return Op{}, errNoType
	}
	op := Op{Index: r.order.count, Type: rec.kind.(Type), Node: rec.node, Key: rec.key, Err: r.errText(rec.err)}
	if rec.index >= 0 && rec.index != int64(op.Index) {
		rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword("index"), Value: rec.index})
	}
	r.setTime(&op, rec)
	r.sequence.add(rec)
	if err := r.setProcess(&op, rec); err != nil {
		return Op{}, err
	}
	if key, v, ok := r.tuple(rec); ok {
		op.Key, rec.op.Value, rec.hasKey = r.intern(key), v, true
	}
	if err := r.keys.add(&op, rec); err != nil && r.opts.KeyedAlike {
		return Op{}, err
	}
	if op.Process != Nemesis {
		if err := r.pairs.add(&op, rec); err != nil {
			return Op{}, err
		}
	}
	r.setValue(&op, rec)
	if err := op.check(); err != nil {
		return Op{}, err
	}
	r.order.count++
	r.order.last = op.Time
	return op, nil
}

// setTime gives the op its time, or that of the op before if it has none or an
// earlier one: Jepsen takes the time before it takes its place in the history.
// What it says then is kept in More.
func (r *records) setTime(op *Op, rec *record) {
	op.Time = max(time.Duration(rec.time), r.order.last)
	if rec.timed && op.Time != time.Duration(rec.time) {
		rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword("time"), Value: rec.time})
	}
	if r.untimed && !rec.timed {
		rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword("time"), Value: nil})
	}
}

// setProcess gives the op its process. Processes with names are numbered in the
// order in which they appear. An op without a process belongs to the call that has
// its id, or else, if it is a completion, to the invocation that has been open
// longest of those with its F.
func (r *records) setProcess(op *Op, rec *record) error {
	switch p := rec.process.(type) {
	case edn.Keyword:
		op.Process = Nemesis
		return nil
	case int64:
		op.Process = int(p)
		r.numbered = true
		if len(r.names) > 0 {
			return r.named(op, rec, strconv.FormatInt(p, 10))
		}
	case string:
		if r.numbered && r.names == nil {
			return fmt.Errorf("process %q is a name, and others have numbers", p)
		}
		r.numbered = true
		return r.named(op, rec, p)
	default:
		r.anonymous = true
	}
	if r.anonymous && r.numbered {
		return errors.New("this op has no process and others have one, or it has one and others have none")
	}
	if !r.anonymous {
		return nil
	}
	if rec.id != "" {
		op.Process = r.giveByID(op, rec.id)
		return nil
	}
	op.Process = r.give(op, rec.op.F)
	return r.pairs.flaw(rec.line, &FlawError{NoProcess, fmt.Sprintf("%v without a process: nothing says which call it is of", op.Type)})
}

// named gives a process that has a name its number. The name is kept in More.
func (r *records) named(op *Op, rec *record, name string) error {
	n, ok := r.names[name]
	if !ok {
		if r.names == nil {
			r.names = map[string]int{}
		}
		n = len(r.names)
		r.names[name] = n
	}
	op.Process = n
	rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword("process"), Value: name})
	return nil
}

// giveByID returns the process of the call with an id.
func (r *records) giveByID(op *Op, id string) int {
	p, open := r.ids[id]
	if !open {
		p = r.fresh()
	}
	if r.ids == nil {
		r.ids = map[string]int{}
	}
	r.ids[id] = p
	if op.Type != Invoke {
		delete(r.ids, id)
		if op.Type != Info {
			r.free = append(r.free, p)
		}
	}
	return p
}

// give returns a process for an op that has none.
func (r *records) give(op *Op, f string) int {
	if op.Type != Invoke {
		for i, w := range r.waiting {
			if w.Input == f {
				r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
				if op.Type != Info {
					r.free = append(r.free, w.Process)
				}
				return w.Process
			}
		}
	}
	p := r.fresh()
	if op.Type == Invoke {
		r.waiting = append(r.waiting, Op{Process: p, Input: f})
	}
	return p
}

// fresh returns a process that has no pending call.
func (r *records) fresh() int {
	if n := len(r.free); n > 0 {
		p := r.free[n-1]
		r.free = r.free[:n-1]
		return p
	}
	r.given++
	return r.given - 1
}

// setValue puts F and the value where they belong.
func (r *records) setValue(op *Op, rec *record) {
	if op.Process == Nemesis {
		setFault(op, rec)
		return
	}
	if op.Type == Invoke {
		op.Input = rec.op
		return
	}
	rec.op.Unknown = op.Type == OK && !rec.hasValue
	op.Output = rec.op
}

// setFault makes an op of the nemesis: a fault of ours, or else a note.
func setFault(op *Op, rec *record) {
	if t, ours := rec.fault.(Type); ours {
		op.Type = t
		if s, ok := rec.op.Value.(string); ok && t == Invoke {
			op.Input = s
		}
		return
	}
	if op.Type != Info {
		rec.op.More = append(rec.op.More, edn.Pair{Key: edn.Keyword("type"), Value: edn.Keyword(op.Type.String())})
		op.Type = Info
	}
	op.Output = rec.op
}

// tuple returns the key and the value of a client's op whose keys are independent.
// Some write what a cas expects and puts beside the key: [k old new].
func (r *records) tuple(rec *record) (key string, value any, ok bool) {
	if !r.opts.Independent || !rec.client() {
		return "", nil, false
	}
	if three, is := rec.op.Value.([]any); is && len(three) == 3 && rec.op.F == "cas" {
		key = keyText(three[0])
		return key, three[1:3:3], key != ""
	}
	return tuple(rec.op.Value)
}

// tuple returns the two halves of a value that is a pair of key and value. A pair
// whose key is nothing is none.
func tuple(v any) (key string, value any, ok bool) {
	pair, ok := v.([]any)
	if !ok || len(pair) != 2 {
		return "", nil, false
	}
	key = keyText(pair[0])
	return key, pair[1], key != ""
}

// keyText returns the key of an independent tuple as Op.Key has it: a string as
// it is, anything else as EDN.
func keyText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return edn.Must(v)
}
