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
)

// scanEDN yields the ops of an EDN file.
func scanEDN(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		f := ednFile{p: newEDNParser(r), records: newRecords(opts)}
		for {
			op, err := f.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Op{}, fileError(name, f.p.line, err))
				return
			}
			if !yield(op, nil) {
				return
			}
		}
	}
}

// ednFile is an EDN file that is being read.
type ednFile struct {
	p       *ednParser
	records records
	closing byte // what ends the vector or the list that holds the ops, or 0
	over    bool // it has ended
	forms   int
}

// next returns the next op, or io.EOF.
func (f *ednFile) next() (Op, error) {
	for {
		f.p.begin()
		c, err := f.p.skip(0)
		if err == io.EOF && f.closing != 0 && !f.over {
			return Op{}, errEDNEnd
		}
		if err != nil {
			return Op{}, err
		}
		switch {
		case f.over:
			return Op{}, fmt.Errorf("%q after the end of the history", c)
		case c == f.closing && c != 0:
			f.p.pos++
			f.over = true
			continue
		case f.forms == 0 && f.closing == 0 && c == '[':
			f.closing = ']'
			f.p.pos++
			continue
		case f.forms == 0 && f.closing == 0 && c == '(':
			f.closing = ')'
			f.p.pos++
			continue
		}
		f.forms++
		op, err := f.op(c)
		if errors.Is(err, errHeader) && f.forms == 1 {
			continue
		}
		return op, inside(err)
	}
}

// op reads an op that begins with c. It may have tags, such as jepsen.history.Op.
func (f *ednFile) op(c byte) (Op, error) {
	rec := record{index: -1, line: f.p.line}
	for c == '#' {
		if _, err := f.p.tag(); err != nil {
			return Op{}, err
		}
		var err error
		if c, err = f.p.skip(0); err != nil {
			return Op{}, inside(err)
		}
	}
	if c != '{' {
		return Op{}, fmt.Errorf("%q, instead of the map of an op", c)
	}
	var few [16]any // so that most need no memory of their own
	seen := few[:0]
	err := f.p.eachPair(0, func(key any) error {
		v, err := f.p.value(1)
		if err != nil {
			return err
		}
		k, ok := key.(Keyword)
		if !ok {
			rec.op.More = append(rec.op.More, Pair{key, v})
			return nil
		}
		for _, s := range seen {
			if s == key {
				return fmt.Errorf("field %s stands there twice", mustEDN(k))
			}
		}
		seen = append(seen, key)
		return f.records.set(&rec, string(k), v)
	})
	if err != nil {
		return Op{}, err
	}
	end := f.p.line
	f.p.line = rec.line
	op, err := f.records.op(&rec)
	if err == nil || errors.Is(err, errHeader) {
		f.p.line = end
	}
	return op, err
}

// scanJSON yields the ops of a file of JSON objects, in an array or not.
func scanJSON(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		f := jsonFile{r: counter{r: r}, records: newRecords(opts)}
		f.d = json.NewDecoder(&f.r)
		for {
			op, err := f.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Op{}, fileError(name, f.line(err), err))
				return
			}
			if !yield(op, nil) {
				return
			}
		}
	}
}

// jsonFile is a JSON file that is being read.
type jsonFile struct {
	d       *json.Decoder
	r       counter
	records records
	begun   bool
	array   bool
	forms   int
	seen    []string // fields of the op at hand
}

// next returns the next op, or io.EOF.
func (f *jsonFile) next() (Op, error) {
	if !f.begun {
		f.begun = true
		if err := f.begin(); err != nil {
			return Op{}, err
		}
	}
	for {
		f.r.passed = f.d.InputOffset()
		if f.array && !f.d.More() {
			return Op{}, f.end()
		}
		var raw json.RawMessage
		if err := f.d.Decode(&raw); err != nil {
			if err == io.EOF && !f.array {
				return Op{}, io.EOF
			}
			return Op{}, jsonFileError(err)
		}
		f.forms++
		op, err := f.op(raw)
		if errors.Is(err, errHeader) && f.forms == 1 {
			continue
		}
		return op, err
	}
}

// line returns the number of the line that an error is about.
func (f *jsonFile) line(err error) int {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errEDNEnd):
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
		return errEDNEnd
	}
	return err
}

// op reads the op that an object spells.
func (f *jsonFile) op(raw []byte) (Op, error) {
	rec := record{index: -1, line: f.r.line(f.d.InputOffset())}
	f.seen = f.seen[:0]
	err := eachField(raw, func(field, raw []byte) error {
		name := f.records.internBytes(field)
		if slices.Contains(f.seen, name) {
			return fmt.Errorf("field %q stands there twice", name)
		}
		f.seen = append(f.seen, name)
		v, err := jsonField(name, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return f.records.set(&rec, name, v)
	})
	if err != nil {
		return Op{}, err
	}
	if _, v, pair := tuple(rec.op.Value); pair && f.records.opts.Independent {
		nameSteps(v)
	}
	return f.records.op(&rec)
}

// jsonField returns the value of a field.
func jsonField(name string, raw []byte) (any, error) {
	if name == "value" {
		return jepsenValue(raw)
	}
	v, err := generic(raw)
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
	if c.read-c.passed > MaxLine {
		return 0, errLong
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
