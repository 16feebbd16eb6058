package sqldriver

import (
	"fmt"
	"strconv"
	"strings"
)

// A token is a word of a statement.
type token struct {
	kind   kind
	text   string
	number int // of a placeholder: its argument, from 1; 0 if it is the next one
	column int // from 1
}

type kind uint8

const (
	end         kind = iota
	word             // a keyword or a name
	text             // 'a literal'
	number           // a literal
	placeholder      // ?, ?1, $1
	symbol
	hole // in a form: <key>
)

// String returns the token as an error names it.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case text:
		return "'" + t.text + "'"
	}
	return t.text
}

// scan splits a statement into tokens. The last one is the end.
func scan(s string) ([]token, error) {
	var all []token
	for at := 0; ; {
		for at < len(s) && strings.IndexByte(" \t\r\n", s[at]) >= 0 {
			at++
		}
		t, length, err := scanToken(s[at:])
		if err != nil {
			return nil, fmt.Errorf("SQL: column %d of %q: %w", at+1, s, err)
		}
		t.column = at + 1
		all = append(all, t)
		if t.kind == end {
			return all, nil
		}
		at += length
	}
}

// scanToken returns the token that a text begins with, and its length.
func scanToken(s string) (token, int, error) {
	switch {
	case s == "":
		return token{kind: end}, 0, nil
	case isLetter(s[0]):
		n := length(s, func(c byte) bool { return isLetter(c) || isDigit(c) })
		return token{kind: word, text: s[:n]}, n, nil
	case isDigit(s[0]):
		n := length(s, isDigit)
		return token{kind: number, text: s[:n]}, n, nil
	case s[0] == '\'':
		return scanText(s)
	case s[0] == '?' || s[0] == '$':
		return scanPlaceholder(s)
	case strings.HasPrefix(s, "||"):
		return token{kind: symbol, text: "||"}, 2, nil
	case s[0] == '<':
		if n := strings.IndexByte(s, '>'); n > 0 {
			return token{kind: hole, text: s[:n+1]}, n + 1, nil
		}
	case strings.IndexByte("(),=;", s[0]) >= 0:
		return token{kind: symbol, text: s[:1]}, 1, nil
	}
	return token{}, 0, fmt.Errorf("%q is no part of a statement", s[:1])
}

// scanText reads a literal in quotes. Two quotes in it stand for one.
func scanText(s string) (token, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return token{kind: text, text: b.String()}, i + 1, nil
		}
		i++
		b.WriteByte('\'')
	}
	return token{}, 0, fmt.Errorf("a text has no end")
}

func scanPlaceholder(s string) (token, int, error) {
	digits := length(s[1:], isDigit)
	t := token{kind: placeholder, text: s[:1+digits]}
	if digits == 0 && s[0] == '?' {
		return t, 1, nil
	}
	n, err := strconv.Atoi(s[1 : 1+digits])
	if err != nil || n < 1 || n > 2 {
		return token{}, 0, fmt.Errorf("%s is no argument: there are at most two, from 1", t.text)
	}
	t.number = n
	return t, 1 + digits, nil
}

// length returns how many bytes at the beginning of a text are of a kind.
func length(s string, is func(byte) bool) int {
	for i := range len(s) {
		if !is(s[i]) {
			return i
		}
	}
	return len(s)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
