package txnfile

import (
	"bytes"
	"encoding/json"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// A quick scanner reads the ops that nearly all files consist of, in EDN or JSON, without a tree of values. It knows no errors: what
// it does not understand at once is for the general reader, which says what is wrong if something is.
type quick struct {
	in     *interner
	format Format
	json   bool
	parser *edn.Parser       // of what only has to be right
	nodes  map[string]string // the nodes seen, each kept once
	b      []byte
	i      int
	end    bool // it came to the end of what is in memory
}

// read reads the op that b begins with, and returns how many bytes it has. It returns 0 for what it does not understand, and sets
// end if more bytes may help.
func (q *quick) read(b []byte, rec *record) int {
	q.b, q.i, q.end = b, 0, false
	if q.next() == '#' && !q.json { // a tag, such as #jepsen.history.Op
		if q.i++; q.i == len(b) || b[q.i]|0x20 < 'a' || b[q.i]|0x20 > 'z' {
			return 0
		}
		for q.i < len(b) && b[q.i] != '{' && b[q.i] > ' ' {
			q.i++
		}
	}
	if q.next() != '{' {
		return 0
	}
	q.i++
	var seen uint
	for first := true; ; first = false {
		more, ok := q.item('}', first)
		if !ok {
			return 0
		}
		if !more {
			return q.i
		}
		name := q.word()
		if name == nil {
			return 0
		}
		if q.json {
			if q.next() != ':' {
				return 0
			}
			q.i++
		}
		bit, ok := q.field(string(name), rec)
		if !ok || seen&bit != 0 {
			return 0
		}
		seen |= bit
	}
}

// field reads the value of a field, and returns the bit of one that is known.
func (q *quick) field(name string, rec *record) (bit uint, ok bool) {
	switch name {
	case "type":
		return 1, q.typ(rec)
	case "process":
		return 2, q.process(rec)
	case "f":
		return 4, q.f(rec)
	case "time":
		rec.time, rec.timed = q.int()
		return 8, rec.timed
	case "value":
		rec.hasValue = true
		return 16, q.format != JSONL && q.value(rec)
	case "input", "output":
		rec.hasValue = true
		return 16, q.format == JSONL && q.value(rec)
	case "index":
		_, ok = q.int()
		return 32, ok
	case "node":
		rec.node, ok = q.node()
		return 64, ok
	case "error":
		return 128, q.pass()
	}
	return 0, false // the general reader knows what other fields mean
}

// next passes over blanks, which commas are in EDN, and returns the byte that follows, or 0 at the end.
func (q *quick) next() byte {
	for q.i < len(q.b) {
		switch c := q.b[q.i]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == ',' && !q.json:
			q.i++
		default:
			return c
		}
	}
	q.end = true
	return 0
}

// item passes over what stands before the next item within brackets, or over the bracket that closes them.
func (q *quick) item(closing byte, first bool) (more, ok bool) {
	c := q.next()
	switch {
	case c == closing:
		q.i++
		return false, true
	case c == ',' && !first: // of JSON
		q.i++
		c = q.next()
		return true, c != closing && c != 0
	}
	return true, c != 0 && (first || !q.json)
}

// closes reports whether a token ends before c.
func closes(c byte) bool {
	switch c {
	case ' ', ',', '\n', '\t', '\r', ']', ')', '}':
		return true
	}
	return false
}

// word reads a name: a keyword, or a string of JSON.
func (q *quick) word() []byte {
	c := q.next()
	if q.json {
		if c != '"' {
			return nil
		}
		w := q.text()
		if w == nil {
			return nil
		}
		return w[1 : len(w)-1]
	}
	if c != ':' {
		return nil
	}
	w := q.token()
	if len(w) < 2 {
		return nil
	}
	return w[1:]
}

// text reads a string without escapes, and returns it with its quotes.
func (q *quick) text() []byte {
	from := q.i
	n := bytes.IndexByte(q.b[q.i+1:], '"')
	if n < 0 {
		q.end = true
		return nil
	}
	q.i += n + 2
	w := q.b[from:q.i]
	if bytes.IndexByte(w, '\\') >= 0 {
		return nil
	}
	return w
}

// token reads up to a blank or a bracket.
func (q *quick) token() []byte {
	from := q.i
	for q.i < len(q.b) {
		switch c := q.b[q.i]; {
		case closes(c):
			return q.b[from:q.i]
		case c == '[' || c == '(' || c == '{' || c == '"' || c == ';' || c == '\\' || c == '#':
			return nil
		}
		q.i++
	}
	q.end = true
	return nil
}

// int reads a whole number that is not below 0 by more than one digit, which is what Elle writes for unknown times.
func (q *quick) int() (n int64, ok bool) {
	c := q.next()
	minus := c == '-'
	if minus {
		q.i++
	}
	from := q.i
	for q.i < len(q.b) {
		c := q.b[q.i] - '0'
		if c > 9 {
			break
		}
		n = n*10 + int64(c)
		q.i++
	}
	switch digits := q.i - from; {
	case q.i == len(q.b):
		q.end = true
		return 0, false
	case digits == 0 || digits > 18 || q.b[from] == '0' && digits > 1 || !closes(q.b[q.i]):
		return 0, false
	}
	if minus {
		n = -n
	}
	return n, true
}

// null reads nil, if that is what comes next.
func (q *quick) null() bool {
	word := "nil"
	if q.json {
		word = "null"
	}
	q.next()
	n := len(word)
	if len(q.b)-q.i <= n {
		q.end = true
		return false
	}
	if string(q.b[q.i:q.i+n]) != word || !closes(q.b[q.i+n]) {
		return false
	}
	q.i += n
	return true
}

func (q *quick) typ(rec *record) bool {
	switch string(q.word()) {
	case "invoke":
		rec.typ = history.Invoke
	case "ok":
		rec.typ = history.OK
	case "fail":
		rec.typ = history.Fail
	case "info":
		rec.typ = history.Info
	default:
		return false
	}
	rec.typed = true
	return true
}

func (q *quick) process(rec *record) bool {
	if c := q.next(); c == ':' || c == '"' {
		rec.nemesis = string(q.word()) == "nemesis"
		rec.known = rec.nemesis
		return rec.nemesis
	}
	rec.process, rec.known = q.int()
	return rec.known && rec.process >= 0
}

func (q *quick) f(rec *record) bool {
	rec.hasF = true
	if q.null() {
		return true
	}
	switch w := q.word(); string(w) {
	case "txn":
		rec.f = "txn"
	default:
		return false
	}
	return true
}

// node reads the name of a node.
func (q *quick) node() (string, bool) {
	if q.next() != '"' {
		return "", false
	}
	w := q.text()
	if node, ok := q.nodes[string(w)]; ok {
		return node, true
	}
	var node string
	if w == nil || json.Unmarshal(w, &node) != nil {
		return "", false
	}
	if len(q.nodes) < 1000 {
		q.nodes[string(w)] = node
	}
	return node, true
}

// pass passes over any value that is right.
func (q *quick) pass() bool {
	q.next()
	from := q.i
	if !q.skip() {
		return false
	}
	text := q.b[from:q.i]
	if q.json {
		return json.Valid(text)
	}
	q.parser.Reset(text)
	_, err := q.parser.Value(0)
	return err == nil && len(q.parser.Rest()) == 0
}

// skip passes over any value without comments, characters or tags.
func (q *quick) skip() bool {
	depth := 0
	for {
		switch c := q.next(); c {
		case ',': // of JSON
			if depth == 0 {
				return false
			}
			q.i++
			continue
		case 0, ';', '\\', '#':
			return false
		case '[', '(', '{':
			depth++
			q.i++
		case ']', ')', '}':
			if depth--; depth < 0 {
				return false
			}
			q.i++
		case '"':
			if q.text() == nil {
				return false
			}
		case ':':
			if q.json {
				q.i++
				continue
			}
			if q.token() == nil {
				return false
			}
		default:
			if q.token() == nil {
				return false
			}
		}
		if depth == 0 {
			return true
		}
	}
}
