// Package jsontext appends strings as encoding/json writes them, without reflection: for records that are written so often that it
// matters.
package jsontext

import (
	"encoding/json"
	"strings"
)

// AppendString appends a string as JSON: the same bytes as [json.Marshal] returns.
func AppendString(b []byte, s string) []byte {
	if strings.ContainsFunc(s, escaped) {
		quoted, _ := json.Marshal(s) // a string can always be JSON
		return append(b, quoted...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// escaped reports whether a character may not stand in a string as it is.
func escaped(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }
