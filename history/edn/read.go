package edn

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// Parse returns the one value that an EDN text spells. Its nil, booleans,
// strings, integers, floats and vectors are nil, bool, string, int64, float64 and
// []any; integers that need more bits are [*big.Int], ratios are [*big.Rat]. For the
// rest, which Go has no literals for, there are [Keyword], [Symbol], [Char],
// [Decimal], [List], [Set], [Map] and [Tagged].
func Parse(text string) (any, error) {
	return NewText(text).Only()
}

// Only reads the one value that there is.
func (p *Parser) Only() (any, error) {
	v, err := p.Value(0)
	if err == io.EOF {
		return nil, errors.New("no value")
	}
	if err != nil {
		return nil, err
	}
	if c, err := p.Skip(0); err != io.EOF {
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%q after the value", c)
	}
	return v, nil
}

// ErrEnd says that a file ends within a value.
var ErrEnd = errors.New("the file is cut short: it ends within a value")

// Parser reads EDN values one after the other, and holds no more of the text
// than one token.
type Parser struct {
	r        io.Reader
	buf      []byte
	pos, end int // of buf, what is still to be read
	tok      int // where the token begins that is being read, or -1
	passed   int // bytes that came before buf
	began    int // bytes that came before the form that is being read
	line     int
	names    map[string]any // keywords and symbols, each kept once
	failed   error          // what r said
}

// NewParser returns a parser of a file.
func NewParser(r io.Reader) *Parser {
	return &Parser{r: r, buf: make([]byte, 64<<10), tok: -1, line: 1, names: map[string]any{}}
}

// NewText returns a parser of a text that is there already.
func NewText(text string) *Parser {
	return &Parser{buf: []byte(text), end: len(text), tok: -1, line: 1, failed: io.EOF, names: map[string]any{}}
}

// Reset goes on with another text.
func (p *Parser) Reset(text []byte) {
	p.buf = append(p.buf[:0], text...)
	p.pos, p.end, p.tok, p.line = 0, len(p.buf), -1, 1
}

// Next passes over the byte that [Parser.Skip] found.
func (p *Parser) Next() { p.pos++ }

// Line returns the number of the line that is read, from 1.
func (p *Parser) Line() int { return p.line }

// Room returns how many bytes can be looked at ahead, at most.
func (p *Parser) Room() int { return len(p.buf) }

// Rest returns what is left of a text.
func (p *Parser) Rest() []byte { return p.buf[p.pos:p.end] }

// Begin starts a form, which may be as long as a line.
func (p *Parser) Begin() { p.began = p.passed + p.pos }

// fill reads more. It returns io.EOF at the end of the file.
func (p *Parser) fill() error {
	if p.failed != nil {
		return p.failed
	}
	if p.passed+p.pos-p.began > lex.MaxLine {
		return lex.ErrLong
	}
	from := p.pos
	if p.tok >= 0 {
		from = p.tok
	}
	if from == 0 && p.end == len(p.buf) {
		p.buf = append(p.buf, make([]byte, len(p.buf))...)
	} else {
		copy(p.buf, p.buf[from:p.end])
		p.passed += from
		p.pos, p.end = p.pos-from, p.end-from
		if p.tok >= 0 {
			p.tok = 0
		}
	}
	for range 100 {
		n, err := p.r.Read(p.buf[p.end:])
		p.end += n
		if err != nil && err != io.EOF {
			err = fmt.Errorf("read: %w", err)
		}
		p.failed = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	p.failed = io.ErrNoProgress
	return p.failed
}

// Peek returns the byte that is i bytes ahead.
func (p *Parser) Peek(i int) (byte, error) {
	for p.pos+i >= p.end {
		if err := p.fill(); err != nil {
			return 0, err
		}
	}
	return p.buf[p.pos+i], nil
}

// Inside returns the error for a file that ends where it must not.
func Inside(err error) error {
	if err == io.EOF {
		return ErrEnd
	}
	return err
}

// Skip passes over blanks, comments and discarded values. It returns the byte
// that follows, which it does not pass over, or io.EOF.
func (p *Parser) Skip(depth int) (byte, error) {
	for {
		c, err := p.Peek(0)
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			p.line++
			p.pos++
		case ' ', '\t', '\r', '\f', '\v', ',':
			p.pos++
		case ';':
			if err := p.comment(); err != nil {
				return 0, err
			}
		case '#':
			next, err := p.Peek(1)
			if err != nil && err != io.EOF {
				return 0, err
			}
			if next != '_' {
				return c, nil
			}
			p.pos += 2
			if _, err := p.Value(depth + 1); err != nil {
				return 0, Inside(err)
			}
		default:
			return c, nil
		}
	}
}

// comment passes over the rest of a line.
func (p *Parser) comment() error {
	for {
		c, err := p.Peek(0)
		if err != nil || c == '\n' {
			return err
		}
		p.pos++
	}
}

// Value reads a value. It returns io.EOF if there is none.
func (p *Parser) Value(depth int) (any, error) {
	if depth > lex.MaxDepth {
		return nil, fmt.Errorf("values are nested more than %d deep", lex.MaxDepth)
	}
	c, err := p.Skip(depth)
	if err != nil {
		return nil, err
	}
	switch c {
	case '"':
		return p.text()
	case '\\':
		return p.char()
	case '[':
		v, err := p.values(']', depth)
		return v, err
	case '(':
		v, err := p.values(')', depth)
		return List(v), err
	case '{':
		v, err := p.pairs(depth)
		return v, err
	case '#':
		return p.dispatch(depth)
	case ']', ')', '}':
		return nil, fmt.Errorf("%q closes nothing", c)
	}
	return p.atom()
}

func isClosing(c byte) bool { return c == ']' || c == ')' || c == '}' }

// values reads what stands between brackets.
func (p *Parser) values(closing byte, depth int) ([]any, error) {
	p.pos++
	all := []any{}
	for {
		c, err := p.Skip(depth)
		if err != nil {
			return nil, Inside(err)
		}
		if c == closing {
			p.pos++
			return all, nil
		}
		if isClosing(c) {
			return nil, fmt.Errorf("%q, where %q should close", c, closing)
		}
		v, err := p.Value(depth + 1)
		if err != nil {
			return nil, Inside(err)
		}
		all = append(all, v)
	}
}

// pairs reads the entries of a map.
func (p *Parser) pairs(depth int) (Map, error) {
	m := Map{}
	err := p.EachPair(depth, func(key any) error {
		v, err := p.Value(depth + 1)
		m = append(m, Pair{key, v})
		return err
	})
	return m, err
}

// EachPair calls f with every key of a map; f reads the value.
func (p *Parser) EachPair(depth int, f func(key any) error) error {
	p.pos++
	for {
		c, err := p.Skip(depth)
		if err != nil {
			return Inside(err)
		}
		if c == '}' {
			p.pos++
			return nil
		}
		if isClosing(c) {
			return fmt.Errorf("%q, where %q should close", c, '}')
		}
		key, err := p.Value(depth + 1)
		if err != nil {
			return Inside(err)
		}
		if c, err = p.Skip(depth); err != nil {
			return Inside(err)
		}
		if c == '}' {
			return fmt.Errorf("the map has a key without a value: %s", lex.Clip(Must(key)))
		}
		if isClosing(c) {
			return fmt.Errorf("%q, where %q should close", c, '}')
		}
		if err := f(key); err != nil {
			return Inside(err)
		}
	}
}

// dispatch reads what begins with #.
func (p *Parser) dispatch(depth int) (any, error) {
	next, err := p.Peek(1)
	if err != nil {
		return nil, Inside(err)
	}
	switch next {
	case '{':
		p.pos++
		v, err := p.values('}', depth)
		return Set(v), err
	case '#':
		p.pos += 2
		return p.symbolic()
	case ':':
		p.pos += 2
		return p.namespaced(depth)
	}
	tag, err := p.Tag()
	if err != nil {
		return nil, err
	}
	v, err := p.Value(depth + 1)
	if err != nil {
		return nil, Inside(err)
	}
	return Tagged{tag, v}, nil
}

// Tag reads the tag of a value.
func (p *Parser) Tag() (string, error) {
	p.pos++
	t, err := p.token()
	if err != nil {
		return "", err
	}
	if !isName(string(t)) || !isLetter(t[0]) {
		return "", fmt.Errorf("#%s is no tag", lex.Clip(t))
	}
	return string(t), nil
}

// namespaced reads a map whose keys are in one namespace, after its #:.
func (p *Parser) namespaced(depth int) (any, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	if !isName(string(t)) || !isLetter(t[0]) && t[0] != '_' {
		return nil, fmt.Errorf("#:%s is no namespace", lex.Clip(t))
	}
	space := string(t)
	c, err := p.Skip(depth)
	if err != nil {
		return nil, Inside(err)
	}
	if c != '{' {
		return nil, fmt.Errorf("%q after namespace %s, instead of a map", c, space)
	}
	m, err := p.pairs(depth)
	if err != nil {
		return nil, err
	}
	for i, e := range m {
		if m[i].Key, err = qualified(space, e.Key); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// qualified returns a key of a map whose keys are in a namespace. Keys that are
// no names are in none.
func qualified(space string, key any) (any, error) {
	var text string
	switch k := key.(type) {
	case Keyword:
		text = ":" + qualify(space, string(k))
	case Symbol:
		text = qualify(space, string(k))
	default:
		return key, nil
	}
	v, err := Parse(text)
	if err != nil || reflect.TypeOf(v) != reflect.TypeOf(key) {
		return nil, fmt.Errorf("%s in namespace %s is no name", lex.Clip(Must(key)), space)
	}
	return v, nil
}

// qualify puts a name into a namespace, unless it is in one. The namespace _
// means none.
func qualify(space, name string) string {
	if rest, ok := strings.CutPrefix(name, "_/"); ok {
		return rest
	}
	if strings.Contains(name, "/") {
		return name
	}
	return space + "/" + name
}
