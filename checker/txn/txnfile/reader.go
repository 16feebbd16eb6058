package txnfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/history/edn"
)

// A reader reads a file of ops in EDN or JSON.
type reader struct {
	opts   Options
	format Format
	in     *interner
	quick  quick
	slow   bool // names of the file have other meanings, which only the general reader knows
	w      *window
	calls  *calls
	rec    record

	closing byte // what ends the vector that holds the ops, or 0
	over    bool // it has ended
	forms   int
	at      int // the line of the op that is read
	parser  *edn.Parser
}

func newReader(r io.Reader, format Format, o Options, c *calls) *reader {
	parser := edn.NewText("")
	in := &interner{b: c.b, json: format == JSON || format == JSONL, keys: map[string]int32{}, values: map[string]int32{}}
	return &reader{
		opts: o, format: format, in: in, quick: quick{in: in, format: format, json: in.json, parser: parser, nodes: map[string]string{}}, w: newWindow(r), calls: c,
		slow: len(o.Rename.F)+len(o.Rename.Field) > 0, parser: parser,
	}
}

// readOps returns the reader of a format that has an op a map.
func readOps(format Format) func(io.Reader, *calls) error {
	return func(r io.Reader, c *calls) error {
		rd := newReader(r, format, c.opts, c)
		if err := rd.all(); err != nil {
			return &placed{rd.place(), err}
		}
		return nil
	}
}

// all reads the file.
func (rd *reader) all() error {
	if err := rd.w.more(); err != nil && err != io.EOF {
		return err
	}
	if b := rd.w.rest(); len(b) >= 3 && string(b[:3]) == "\ufeff" {
		rd.w.pass(3)
	}
	for {
		c, err := rd.skip()
		if err == io.EOF {
			if rd.closing != 0 && !rd.over {
				return edn.ErrEnd
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := rd.form(c); err != nil {
			return err
		}
	}
}

// form reads what begins with c: an op, or a bracket of the vector of ops.
func (rd *reader) form(c byte) error {
	switch {
	case rd.over:
		return fmt.Errorf("%q after the end of the history", c)
	case c == rd.closing && c != 0:
		rd.w.pass(1)
		rd.over = true
		return nil
	case rd.forms == 0 && rd.closing == 0 && (c == '[' && !rd.opensOp() || c == '(' && !rd.in.json):
		rd.closing = ']'
		if c == '(' {
			rd.closing = ')'
		}
		rd.w.pass(1)
		return nil
	case c != '{' && (rd.in.json || c != '[' && c != '#'):
		return fmt.Errorf("%q, instead of the map of an op", c)
	}
	rd.forms++
	rd.at = rd.w.line
	rd.rec.reset(rd.at)
	if err := rd.op(); err != nil {
		return err
	}
	if rd.rec.header() && rd.forms > 1 && !rd.in.json {
		return errors.New("neither type, process, f nor value: that is no op")
	}
	if !rd.rec.header() {
		if err := rd.calls.add(&rd.rec); err != nil {
			return err
		}
	}
	rd.at = 0
	return nil
}

// opensOp reports whether the bracket that comes next is that of an op which is a vector: a process follows.
func (rd *reader) opensOp() bool {
	if rd.in.json {
		return false
	}
	for _, c := range rd.w.rest()[1:] {
		switch {
		case c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r':
			continue
		}
		return c == ':' || c-'0' <= 9
	}
	return false
}

// op reads the op that comes next.
func (rd *reader) op() error {
	for !rd.slow {
		n := rd.quick.read(rd.w.rest(), &rd.rec)
		if n > 0 {
			rd.w.pass(n)
			return nil
		}
		line := rd.rec.line
		rd.rec.reset(line)
		if !rd.quick.end {
			break
		}
		if err := rd.w.more(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	v, err := rd.tree()
	if err != nil {
		return err
	}
	return rd.general(&rd.rec, v)
}

// tree reads the op that comes next as a tree of values.
func (rd *reader) tree() (any, error) {
	for {
		n, v, err := rd.parse()
		if err == nil || !errors.Is(err, edn.ErrEnd) {
			if n > 0 {
				rd.w.pass(n)
			}
			return v, err
		}
		switch more := rd.w.more(); {
		case more == io.EOF:
			return nil, err
		case more != nil:
			return nil, more
		}
	}
}

// parse reads the value that is next in memory, and returns how many bytes it has.
func (rd *reader) parse() (int, any, error) {
	b := rd.w.rest()
	if rd.in.json {
		n := extent(b)
		if n == 0 {
			return 0, nil, edn.ErrEnd
		}
		v, err := parseJSON(b[:n])
		return n, v, err
	}
	rd.quick.b, rd.quick.i, rd.quick.end = b, 0, false
	if rd.quick.skip() {
		b = b[:rd.quick.i]
	}
	rd.parser.Reset(b)
	v, err := rd.parser.Value(0)
	n := len(b) - len(rd.parser.Rest())
	if err == nil || !errors.Is(err, edn.ErrEnd) {
		return n, v, edn.Inside(err)
	}
	return 0, nil, err
}

// skip passes over what stands between ops. It returns the byte that follows.
func (rd *reader) skip() (byte, error) {
	for {
		b := rd.w.rest()
		i := 0
		for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t' || b[i] == ',') {
			i++
		}
		rd.w.pass(i)
		if b = b[i:]; len(b) == 0 {
			if err := rd.w.more(); err != nil {
				return 0, err
			}
			continue
		}
		if rd.in.json || b[0] != ';' && b[0] != '#' {
			return b[0], nil
		}
		if skipped, err := rd.between(b); err != nil || !skipped {
			return b[0], err
		}
	}
}

// between passes over a comment or a discarded value of EDN.
func (rd *reader) between(b []byte) (skipped bool, err error) {
	for len(b) < 2 {
		if err := rd.w.more(); err != nil {
			break
		}
		b = rd.w.rest()
	}
	if b[0] == '#' && (len(b) < 2 || b[1] != '_' && b[1] != '!') {
		return false, nil // a tag
	}
	if b[0] == '#' && b[1] == '_' {
		rd.w.pass(2)
		_, err := rd.tree()
		return true, err
	}
	for i := 0; ; i++ {
		for i == len(b) {
			if err := rd.w.more(); err == io.EOF {
				rd.w.pass(len(b))
				return true, nil
			} else if err != nil {
				return true, err
			}
			b = rd.w.rest()
		}
		if b[i] == '\n' {
			rd.w.pass(i)
			return true, nil
		}
	}
}

// place returns the line that an error is about: that of the op that was read last, unless what is wrong is between ops.
func (rd *reader) place() int {
	if rd.at > 0 {
		return rd.at
	}
	return rd.w.line
}
