package lex

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// A ByteError says that a file is no UTF-8. JSON and EDN are; a reader that replaced
// the byte would take two values for one.
type ByteError struct {
	b            byte
	Line, column int // from 1; a column is a character
}

// Error names the column; the line is named by the [*history.FileError] around it.
func (e *ByteError) Error() string {
	return fmt.Sprintf("column %d: byte 0x%02X is not UTF-8: convert the file, as by iconv -t UTF-8", e.column, e.b)
}

// UTF8Reader reads what another reader does, and returns a byteError at the first
// byte that is not UTF-8.
type UTF8Reader struct {
	R      io.Reader
	line   int    // line breaks before what is read next
	column int    // characters before it on its line
	part   []byte // the begin of a character whose end was not read yet
	err    error  // sticks
}

// Read reads on. What stands before a bad byte is returned first.
func (u *UTF8Reader) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.R.Read(p)
	u.err = err
	text := p[:n]
	if len(u.part) > 0 {
		text = append(u.part, text...)
	}
	good := validPrefix(text)
	u.count(text[:good])
	rest := text[good:]
	switch {
	case len(rest) == 0:
		u.part = nil
	case !utf8.FullRune(rest) && err == nil:
		u.part = append([]byte(nil), rest...) // it was passed on already: only its end can be bad
	default:
		u.err = &ByteError{rest[0], u.line + 1, u.column + 1}
		return max(0, n-len(rest)), u.err
	}
	return n, err
}

// count counts the lines and characters of a text.
func (u *UTF8Reader) count(text []byte) {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		u.line += bytes.Count(text, []byte("\n"))
		u.column, text = 0, text[last+1:]
	}
	u.column += utf8.RuneCount(text)
}

// validPrefix returns how many bytes of a text are UTF-8.
func validPrefix(text []byte) int {
	if utf8.Valid(text) {
		return len(text)
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// CheckUTF8 returns an error that names the column of a line's first byte that is not UTF-8.
func CheckUTF8(line []byte) error {
	if good := validPrefix(line); good < len(line) {
		return &ByteError{b: line[good], column: 1 + utf8.RuneCount(line[:good])}
	}
	return nil
}

// CheckEscapes returns an error if JSON has an escape that stands for half a character:
// encoding/json would replace it.
func CheckEscapes(raw []byte) error {
	for i := 0; ; i += 2 {
		next := bytes.IndexByte(raw[min(i, len(raw)):], '\\')
		if next < 0 {
			return nil
		}
		i += next
		switch unit := escapedUnit(raw[i:]); {
		case unit < 0xd800 || unit > 0xdfff:
		case unit < 0xdc00 && isLow(escapedUnit(raw[min(i+6, len(raw)):])):
			i += 10
		default:
			return fmt.Errorf(`\u%04x is half a character: a surrogate without the other half`, unit)
		}
	}
}

// isLow reports whether a unit of UTF-16 is the second half of a character.
func isLow(unit int) bool { return unit >= 0xdc00 && unit <= 0xdfff }

// escapedUnit returns the unit of UTF-16 that an escape such as \u00e4 stands for, or -1.
func escapedUnit(raw []byte) int {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	unit := 0
	for _, c := range raw[2:6] {
		switch {
		case IsDigit(c):
			unit = unit<<4 | int(c-'0')
		case c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			unit = unit<<4 | int(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return unit
}
