package lex

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as encoding/json does.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			quoted, _ := json.Marshal(s) // a string has no error
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Bounds on the names that a reader remembers: their number, and the bytes of one. All of them may differ.
const (
	MaxNames = 1 << 16
	MaxName  = 256
)

// ParseInt reads a whole number of 64 bits.
func ParseInt(raw []byte) (int64, error) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || !isNumber(raw) {
		return 0, fmt.Errorf("%s is no whole number of 64 bits", Clip(raw))
	}
	return n, nil
}

// isNumber reports whether raw, which Go takes for a number, is one in JSON too.
func isNumber(raw []byte) bool {
	digits := bytes.TrimPrefix(raw, []byte("-"))
	return digits[0] != '+' && (len(digits) == 1 || digits[0] != '0')
}

// ParseString returns the string that raw spells.
func ParseString(raw []byte) (string, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", fmt.Errorf("%s is no string", Clip(raw))
	}
	high := false
	for _, c := range raw[1 : len(raw)-1] {
		if c == '\\' || c == '"' || c < ' ' {
			return escapedString(raw)
		}
		high = high || c >= 0x80
	}
	if raw[len(raw)-1] != '"' || high && !utf8.Valid(raw) {
		return escapedString(raw)
	}
	return string(raw[1 : len(raw)-1]), nil
}

// escapedString returns the string that raw spells, if it spells one.
func escapedString(raw []byte) (s string, err error) {
	if err = json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%s: %w", Clip(raw), err)
	}
	return s, nil
}

// Clip shortens what an error quotes.
func Clip[T []byte | string](raw T) string {
	const most = 60
	if len(raw) <= most {
		return string(raw)
	}
	return string(raw[:most]) + "…"
}

// IsDigit reports whether c is a decimal digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// MaxDepth bounds how deep EDN values may be nested.
const MaxDepth = 1000
