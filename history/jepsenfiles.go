package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// scanEDN yields the ops of an EDN file.
func scanEDN(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		f := ednFile{p: edn.NewParser(r), records: newRecords(opts)}
		f.records.ops(name, func(yield func(*record, error) bool) {
			for {
				rec, err := f.next()
				if err == io.EOF {
					return
				}
				if err != nil {
					yield(nil, fileError(name, f.p.Line(), err))
					return
				}
				if !yield(rec, nil) {
					return
				}
			}
		})(yield)
	}
}

// errResults says that a file is none of a history.
var errResults = errors.New("these are the results of a test, as Jepsen keeps them in results.edn: history.edn beside it has the history")

// ednFile is an EDN file that is being read.
type ednFile struct {
	p       *edn.Parser
	records *records
	rec     record
	closing byte // what ends the vector or the list that holds the ops, or 0
	over    bool // it has ended
	results bool // its first form is what a test of Jepsen found
	forms   int
}

// next returns the next op, or io.EOF.
func (f *ednFile) next() (*record, error) {
	for {
		f.p.Begin()
		c, err := f.p.Skip(0)
		if err == io.EOF && f.closing != 0 && !f.over {
			return nil, edn.ErrEnd
		}
		if err == io.EOF && f.results && f.forms == 1 {
			return nil, errResults
		}
		if err != nil {
			return nil, err
		}
		switch {
		case f.over:
			return nil, fmt.Errorf("%q after the end of the history", c)
		case c == f.closing && c != 0:
			f.p.Next()
			f.over = true
			continue
		case f.forms == 0 && f.closing == 0 && c == '[':
			vector, err := f.opensOp()
			if err != nil {
				return nil, err
			}
			if !vector {
				f.closing = ']'
				f.p.Next()
				continue
			}
		case f.forms == 0 && f.closing == 0 && c == '(':
			f.closing = ')'
			f.p.Next()
			continue
		}
		f.forms++
		err = f.read(c)
		if errors.Is(err, errHeader) && f.forms == 1 {
			continue
		}
		return &f.rec, edn.Inside(err)
	}
}

// opensOp reports whether the bracket that comes next is that of an op, rather than
// that of a vector of ops: a process follows.
func (f *ednFile) opensOp() (bool, error) {
	for i := 1; i < f.p.Room(); i++ {
		c, err := f.p.Peek(i)
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',':
			continue
		}
		return c == ':' || lex.IsDigit(c), nil
	}
	return false, nil
}

// read reads an op that begins with c. It may have tags, such as jepsen.history.Op.
func (f *ednFile) read(c byte) error {
	f.rec = record{index: -1, line: f.p.Line()}
	rec := &f.rec
	for c == '#' {
		if _, err := f.p.Tag(); err != nil {
			return err
		}
		var err error
		if c, err = f.p.Skip(0); err != nil {
			return edn.Inside(err)
		}
	}
	if c == '[' {
		return f.vector()
	}
	if c != '{' {
		return fmt.Errorf("%q, instead of the map of an op", c)
	}
	var few [16]any // so that most need no memory of their own
	seen := few[:0]
	err := f.p.EachPair(0, func(key any) error {
		v, err := f.p.Value(1)
		if err != nil {
			return err
		}
		k, ok := key.(edn.Keyword)
		if !ok {
			rec.op.More = append(rec.op.More, edn.Pair{Key: key, Value: v})
			return nil
		}
		for _, s := range seen {
			if s == key {
				return fmt.Errorf("field %s stands there twice", edn.Must(k))
			}
		}
		seen = append(seen, key)
		return f.records.set(rec, string(k), v)
	})
	if err != nil {
		return err
	}
	if err = f.records.complete(rec); err == nil && rec.kind == nil && rec.process == nil && !rec.hasF && !rec.hasValue {
		if _, results := rec.op.More.Get(edn.Keyword("valid?")); results && f.forms == 1 {
			f.results = true
		}
		return errHeader
	}
	return err
}

// vector reads an op that is the line of a log as a vector: process, type, f, value and
// perhaps an error.
func (f *ednFile) vector() error {
	v, err := f.p.Value(0)
	if err != nil {
		return err
	}
	fields := v.([]any)
	if len(fields) < 3 || len(fields) > 5 {
		return fmt.Errorf("%s is no op: a vector of process, type, f and value", lex.Clip(edn.Must(v)))
	}
	names := [...]string{"process", "type", "f", "value", "error"}
	for i, v := range fields {
		if err := f.records.set(&f.rec, names[i], v); err != nil {
			return err
		}
	}
	return nil
}

// scanJSON yields the ops of a file of JSON objects, in an array or not.
func scanJSON(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		f := jsonFile{r: counter{r: r}, records: newRecords(opts)}
		f.d = json.NewDecoder(&f.r)
		f.records.ops(name, func(yield func(*record, error) bool) {
			for {
				raw, err := f.next()
				if err == io.EOF {
					return
				}
				if err == nil {
					err = f.read(raw)
				}
				if errors.Is(err, errHeader) {
					continue
				}
				if err != nil {
					line, op := f.place(err)
					yield(nil, opError(name, line, op, err))
					return
				}
				f.rec.number = f.number()
				if !yield(&f.rec, nil) {
					return
				}
			}
		})(yield)
	}
}

// jsonFile is a JSON file that is being read.
type jsonFile struct {
	d       *json.Decoder
	r       counter
	records *records
	begun   bool
	array   bool
	rec     record
	seen    []string // fields of the op at hand
	objects int      // how many were read
	ended   int      // the line in which the last one ended
	shared  bool     // it ended in the line in which the one before it did
	broke   bool     // it is no JSON
}

// next returns the next object, or io.EOF.
func (f *jsonFile) next() (json.RawMessage, error) {
	if !f.begun {
		f.begun = true
		if err := f.begin(); err != nil {
			return nil, err
		}
	}
	f.r.passed = f.d.InputOffset()
	if f.array && !f.d.More() {
		return nil, f.end()
	}
	var raw json.RawMessage
	if err := f.d.Decode(&raw); err != nil {
		if err == io.EOF && !f.array {
			return nil, io.EOF
		}
		f.objects++
		f.shared, f.broke = false, true
		return nil, jsonFileError(err)
	}
	f.objects++
	line := f.r.line(f.d.InputOffset())
	f.ended, f.shared = line, line == f.ended
	return raw, nil
}

// place returns the line that an error is about, and the op as number does.
func (f *jsonFile) place(err error) (line, op int) {
	line = f.line(err)
	if f.broke && line == f.ended {
		return line, f.objects
	}
	return line, f.number()
}

// number returns the number of the object read last, or 0 if its line has no other.
func (f *jsonFile) number() int {
	if f.shared || f.objects > 0 && !f.broke && f.another() {
		return f.objects
	}
	return 0
}

// another reports whether another object follows on the same line.
func (f *jsonFile) another() bool {
	var next [16]byte
	n, _ := f.d.Buffered().Read(next[:]) // it is in memory
	for _, c := range next[:n] {
		switch c {
		case ' ', '\t', ',', '\r':
		default:
			return c == '{'
		}
	}
	return false
}

// line returns the number of the line that an error is about.
func (f *jsonFile) line(err error) int {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, edn.ErrEnd):
		return f.r.line(f.r.read)
	case errors.As(err, &syntax):
		return f.r.line(f.d.InputOffset() + f.broken())
	}
	return f.r.line(f.d.InputOffset())
}

// broken returns how far the syntax error is from where the decoder stands. The
// decoder itself does not count the commas and blanks between values.
func (f *jsonFile) broken() int64 {
	rest, _ := io.ReadAll(f.d.Buffered()) // it is in memory
	value := bytes.TrimLeft(rest, ", \t\r\n")
	var raw json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(value, &raw), &syntax) {
		return int64(len(rest)-len(value)) + syntax.Offset
	}
	return 0
}

// begin passes over the bracket of the array, if there is one.
func (f *jsonFile) begin() error {
	br := bufio.NewReaderSize(f.r.r, detectBytes)
	f.r.r = br
	for i := 1; i < detectBytes; i++ {
		head, err := br.Peek(i)
		if len(head) < i {
			return err
		}
		switch head[i-1] {
		case ' ', '\t', '\r', '\n':
			continue
		case '[':
			f.array = true
			_, err := f.d.Token()
			return jsonFileError(err)
		}
		return nil
	}
	return nil
}

// end reads the end of the array, behind which there must be nothing.
func (f *jsonFile) end() error {
	if _, err := f.d.Token(); err != nil {
		return jsonFileError(err)
	}
	switch t, err := f.d.Token(); {
	case err == io.EOF:
		return io.EOF
	case err != nil:
		return jsonFileError(err)
	default:
		return fmt.Errorf("%v after the end of the history", t)
	}
}

// jsonFileError says what is wrong with a file.
func jsonFileError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return edn.ErrEnd
	}
	return err
}

// read reads the op that an object spells, or says that it is a header.
func (f *jsonFile) read(raw []byte) error {
	f.rec = record{index: -1, line: f.r.line(f.d.InputOffset())}
	rec := &f.rec
	f.seen = f.seen[:0]
	err := lex.EachField(raw, func(field, raw []byte) error {
		name := f.records.internBytes(field)
		if slices.Contains(f.seen, name) {
			return fmt.Errorf("field %q stands there twice", name)
		}
		f.seen = append(f.seen, name)
		v, err := jsonField(f.records.fields.canonical(name), raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return f.records.set(rec, name, v)
	})
	if err == nil {
		err = f.records.complete(rec)
	}
	if err == nil && !f.records.isOp(rec) {
		return errHeader
	}
	if _, v, pair := tuple(rec.op.Value); pair && f.records.opts.Independent {
		nameSteps(v)
	}
	return err
}

// jsonField returns the value of a field.
func jsonField(name string, raw []byte) (any, error) {
	if name == "value" {
		return jepsenValue(raw)
	}
	v, err := lex.Generic(raw)
	return fromJSON(v), err
}

// counter counts the lines of what is read through it, and bounds how much is
// read for one op.
type counter struct {
	r      io.Reader
	read   int64
	passed int64   // how much the decoder has passed
	lines  int     // line breaks before passed
	breaks []int64 // offsets of the line breaks after that
}

// Read reads on, unless the op at hand is too long.
func (c *counter) Read(p []byte) (int, error) {
	if c.read-c.passed > lex.MaxLine {
		return 0, lex.ErrLong
	}
	n, err := c.r.Read(p)
	for rest, at := p[:n], c.read; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		c.breaks = append(c.breaks, at+int64(i))
		at += int64(i + 1)
		rest = rest[i+1:]
	}
	c.read += int64(n)
	return n, err
}

// line returns the number of the line in which an offset is. Offsets never fall.
func (c *counter) line(offset int64) int {
	n := 0
	for n < len(c.breaks) && c.breaks[n] < offset {
		n++
	}
	c.lines += n
	c.breaks = c.breaks[:copy(c.breaks, c.breaks[n:])]
	return c.lines + 1
}
