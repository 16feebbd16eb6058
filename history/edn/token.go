package edn

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// isEnd reports whether a token ends before c.
func isEnd(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\f', '\v', ',', '"', ';', '(', ')', '[', ']', '{', '}', '\\':
		return true
	}
	return false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 }

// isName reports whether s can be the name of a keyword.
func isName(s string) bool {
	if s == "" || s[0] == ':' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c), lex.IsDigit(c):
		case strings.IndexByte(".*+!-_?$%&=<>/#':|", c) < 0:
			return false
		}
	}
	return true
}

// token reads up to the end of a token. The bytes are overwritten later.
func (p *Parser) token() ([]byte, error) {
	p.tok = p.pos
	defer func() { p.tok = -1 }()
	for {
		for p.pos < p.end {
			if isEnd(p.buf[p.pos]) {
				return p.buf[p.tok:p.pos], nil
			}
			p.pos++
		}
		switch err := p.fill(); {
		case err == io.EOF:
			return p.buf[p.tok:p.pos], nil
		case err != nil:
			return nil, err
		}
	}
}

// atom reads a keyword, a number, a symbol, or one of nil, true and false.
func (p *Parser) atom() (any, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	c := t[0]
	if lex.IsDigit(c) || (c == '-' || c == '+') && len(t) > 1 && lex.IsDigit(t[1]) {
		return ParseNumber(t)
	}
	if v, ok := p.names[string(t)]; ok {
		return v, nil
	}
	v, err := name(string(t))
	if err == nil && len(p.names) < lex.MaxNames && len(t) <= lex.MaxName {
		p.names[string(t)] = v
	}
	return v, err
}

// name returns the value of a token that is no number.
func name(t string) (any, error) {
	switch t {
	case "nil":
		return nil, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	if t[0] == ':' {
		if !isName(t[1:]) {
			return nil, fmt.Errorf("%s is no keyword", lex.Clip(t))
		}
		return Keyword(t[1:]), nil
	}
	if !isName(t) || t[0] == '#' || t[0] == '\'' {
		return nil, fmt.Errorf("%s is no value", lex.Clip(t))
	}
	return Symbol(t), nil
}

// ParseNumber returns the number that a token spells.
func ParseNumber(t []byte) (any, error) {
	s := string(t)
	digits := strings.TrimLeft(s, "+-")
	last := digits[len(digits)-1]
	num, den, ratio := strings.Cut(digits, "/")
	switch {
	case len(s)-len(digits) > 1, strings.Contains(digits, "_"):
		// Go would read these.
	case strings.ContainsAny(digits, "xXrR"), len(digits) > 1 && digits[0] == '0' && lex.IsDigit(digits[1]):
		return basedInt(s)
	case strings.ContainsAny(digits, "pP"):
		// Go would read these.
	case ratio && AllDigits(num) && AllDigits(den):
		return ednRatio(strings.TrimPrefix(s, "+"))
	case AllDigits(digits):
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		return bigInt(s)
	case last == 'N' && AllDigits(digits[:len(digits)-1]):
		return bigInt(s[:len(s)-1])
	case last == 'M':
		d := strings.TrimPrefix(s[:len(s)-1], "+")
		if _, err := strconv.ParseFloat(d, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return Decimal(d), nil
		}
	default:
		if f, err := strconv.ParseFloat(s, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s is no number", lex.Clip(s))
}

// basedInt returns the integer that s spells in hex after 0x, in octal after 0, or
// in the base before an r: Clojure reads these, and prints objects with them.
func basedInt(s string) (any, error) {
	digits := strings.TrimLeft(s, "+-")
	rest, base := strings.TrimSuffix(digits[1:], "N"), 8
	if before, after, radix := strings.Cut(strings.ToLower(digits), "r"); radix {
		base, _ = strconv.Atoi(before)
		rest = after
	} else if digits[0] == '0' && (rest[0] == 'x' || rest[0] == 'X') {
		rest, base = rest[1:], 16
	}
	n, ok := new(big.Int), false
	if base >= 2 && base <= 36 && len(s) <= maxDigits && rest != "" && isWord(rest) {
		n, ok = n.SetString(rest, base)
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("%s is no number", lex.Clip(s))
	case s[0] == '-':
		n.Neg(n)
	}
	if n.IsInt64() {
		return n.Int64(), nil
	}
	return n, nil
}

// isWord reports whether s has nothing but letters and digits of ASCII.
func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; !lex.IsDigit(c) && (!isLetter(c) || c >= 0x80) {
			return false
		}
	}
	return true
}

// AllDigits reports whether a text is digits only.
func AllDigits(s string) bool {
	for i := range len(s) {
		if !lex.IsDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// maxDigits bounds the length of a number, since the time to read one grows with
// its square.
const maxDigits = 10000

func bigInt(s string) (any, error) {
	n, ok := new(big.Int), false
	if len(s) <= maxDigits {
		n, ok = n.SetString(s, 10)
	}
	if !ok {
		return nil, fmt.Errorf("%s is too long a number", lex.Clip(s))
	}
	return n, nil
}

// ednRatio returns a ratio, or the integer that it amounts to.
func ednRatio(s string) (any, error) {
	r, ok := new(big.Rat), false
	if len(s) <= maxDigits {
		r, ok = r.SetString(s)
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("%s is no ratio", lex.Clip(s))
	case !r.IsInt():
		return r, nil
	case r.Num().IsInt64():
		return r.Num().Int64(), nil
	}
	return r.Num(), nil
}

// symbolic reads the rest of ##Inf, ##-Inf or ##NaN.
func (p *Parser) symbolic() (any, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	switch string(t) {
	case "Inf":
		return math.Inf(1), nil
	case "-Inf":
		return math.Inf(-1), nil
	case "NaN":
		return math.NaN(), nil
	}
	return nil, fmt.Errorf("##%s is no number", lex.Clip(t))
}

// text reads a string.
func (p *Parser) text() (any, error) {
	p.pos++
	p.tok = p.pos
	defer func() { p.tok = -1 }()
	for escaped := false; ; p.pos++ {
		c, err := p.Peek(0)
		if err != nil {
			return nil, Inside(err)
		}
		switch c {
		case '\n':
			p.line++
		case '\\':
			escaped = true
			if c, err = p.Peek(1); err != nil {
				return nil, Inside(err)
			}
			if p.pos++; c == '\n' {
				p.line++
			}
		case '"':
			raw := p.buf[p.tok:p.pos]
			p.pos++
			if escaped {
				return unescape(string(raw))
			}
			return string(raw), nil
		}
	}
}

// escapes are the characters that stand for others after a backslash.
var escapes = map[byte]byte{'t': '\t', 'r': '\r', 'n': '\n', 'b': '\b', 'f': '\f', '"': '"', '\\': '\\'}

// unescape replaces the escapes in a string.
func unescape(s string) (any, error) {
	var b strings.Builder
	for s != "" {
		if s[0] != '\\' {
			i := strings.IndexByte(s, '\\')
			if i < 0 {
				i = len(s)
			}
			b.WriteString(s[:i])
			s = s[i:]
			continue
		}
		if c, ok := escapes[s[1]]; ok {
			b.WriteByte(c)
			s = s[2:]
			continue
		}
		r, n := codePoint(s[1:])
		if n == 0 {
			return nil, fmt.Errorf("escape %s in a string", lex.Clip(s[:min(len(s), 6)]))
		}
		s = s[1+n:]
		if utf16.IsSurrogate(r) && strings.HasPrefix(s, `\u`) {
			if low, n := codePoint(s[1:]); n > 0 && utf16.DecodeRune(r, low) != utf8.RuneError {
				r = utf16.DecodeRune(r, low)
				s = s[1+n:]
			}
		}
		if utf16.IsSurrogate(r) {
			return nil, fmt.Errorf(`\u%04x is half a character: a surrogate without the other half`, r)
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// codePoint returns the character that uXXXX spells, or up to three octal
// digits, and how long that is: 0 if it is neither.
func codePoint(s string) (r rune, n int) {
	if s[0] == 'u' && len(s) >= 5 {
		if c, err := strconv.ParseUint(s[1:5], 16, 16); err == nil {
			return rune(c), 5
		}
		return 0, 0
	}
	for n < min(3, len(s)) && s[n] >= '0' && s[n] <= '7' {
		r = r*8 + rune(s[n]-'0')
		n++
	}
	if r > 0o377 {
		return 0, 0
	}
	return r, n
}

// chars are the characters that have names.
var chars = map[string]Char{
	"newline": '\n', "space": ' ', "tab": '\t', "return": '\r', "backspace": '\b', "formfeed": '\f',
}

// char reads a character.
func (p *Parser) char() (any, error) {
	p.pos++
	p.tok = p.pos
	if _, err := p.Peek(0); err != nil {
		p.tok = -1
		return nil, Inside(err)
	}
	first := p.buf[p.pos]
	if isEnd(first) { // the character may be one that ends tokens
		p.pos++
		p.tok = -1
		if first == '\n' {
			return nil, errors.New("a backslash at the end of the line")
		}
		return Char(first), nil
	}
	raw, err := p.token()
	if err != nil {
		return nil, err
	}
	t := string(raw)
	if r, n := utf8.DecodeRuneInString(t); n == len(t) && (r != utf8.RuneError || n > 1) {
		return Char(r), nil
	}
	if c, ok := chars[t]; ok {
		return c, nil
	}
	octal := strings.TrimPrefix(t, "o")
	if r, n := codePoint(t); t[0] == 'u' && n == len(t) && !utf16.IsSurrogate(r) {
		return Char(r), nil
	} else if r, n = codePoint(octal + " "); octal != t && n > 0 && n == len(octal) {
		return Char(r), nil
	}
	return nil, fmt.Errorf(`\%s is no character`, lex.Clip(t))
}
