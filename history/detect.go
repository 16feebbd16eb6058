package history

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// Detect returns the format of a file that begins like head, from what its records
// have: a header that is no op does not decide. It can't distinguish Maelstrom's files from
// Jepsen's, and says EDN to both. The error for Jepsen's binary files and for files
// that hold no history says what to read instead.
func Detect(head []byte) (Format, error) {
	if err := binary(head); err != nil {
		return Auto, err
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	if isLog(head) {
		return Etcd, nil
	}
	rest := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(rest) == 0:
		return JSONL, nil // an empty history
	case rest[0] == '[' && startsJSON(rest[1:]):
		return detectObjects(rest[1:], JSON), nil
	case startsJSON(rest):
		return detectObjects(rest, JSONL), nil
	}
	p := edn.NewText(string(head))
	c, err := p.Skip(0)
	switch {
	case err == io.EOF:
		return EDN, nil // nothing but comments
	case err == nil && (c == '{' || c == '[' || c == '(' || c == '#'):
		return detectEDN(head), nil
	}
	return Auto, fmt.Errorf("unknown format: it begins with %q", lex.Clip(rest))
}

// jepsenMagic is what Jepsen's own files begin with since 0.3.
var jepsenMagic = []byte("JEPSEN")

var errBinary = errors.New("this is binary data, such as Jepsen's test.jepsen and test.fressian: " +
	"history.edn and history.txt beside it have the history as text")

// binary returns an error for what is no text.
func binary(head []byte) error {
	if bytes.HasPrefix(head, jepsenMagic) || bytes.IndexByte(head, 0) >= 0 {
		return errBinary
	}
	odd := 0
	for i := 0; i < len(head); {
		r, n := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && n == 1 && len(head)-i >= utf8.UTFMax {
			odd++
		}
		i += n
	}
	if odd > len(head)/50 && odd > 1 {
		return errBinary
	}
	return nil
}

// startsJSON reports whether rest begins with a JSON object, or ends.
func startsJSON(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' {
		return false
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	end := lex.SkipString(rest, 0)
	if end < 0 {
		return false
	}
	rest = bytes.TrimLeft(rest[end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':' && (len(rest) < 2 || rest[1] != ':')
}

// detectObjects distinguishes our JSON objects, a line each, from those of elle-cli and from
// records of calls: the first that is an op decides. What has none of these is of the
// format other.
func detectObjects(head []byte, other Format) Format {
	format, found := other, false
	eachObject(head, func(object []byte) bool {
		format, found = detectObject(object)
		return !found
	})
	if !found || format == JSONL {
		return other // an array is not ours
	}
	return format
}

// detectObject returns the format that has an object like this, and whether there is one.
func detectObject(object []byte) (Format, bool) {
	typed, f, foreign, start, end := false, false, false, false, false
	_ = lex.EachField(object, func(field, _ []byte) error {
		name := string(field)
		ours := slices.Contains(opFields[:], name)
		typed = typed || name == "type" || slices.Contains(typeFields, name)
		f = f || name == "f" || name == "value" || slices.Contains(fFields, name)
		start = start || !ours && isEndField(name, startStems)
		end = end || !ours && (isEndField(name, endStems) || isEndField(name, spanStems))
		foreign = foreign || !ours
		return nil
	}) // what is cut short has the fields before it
	switch {
	case start && end:
		return Calls, true
	case f:
		return JSON, true
	case typed && !foreign:
		return JSONL, true
	}
	return JSONL, false
}

// eachObject calls see with the objects of a stream or an array, one by one; the last may
// be cut short.
func eachObject(text []byte, see func(object []byte) bool) {
	for {
		text = bytes.TrimLeft(text, ", \t\r\n")
		if len(text) == 0 || text[0] != '{' {
			return
		}
		end := lex.SkipValue(text, 0)
		if end < 0 {
			end = len(text)
		}
		if !see(text[:end]) {
			return
		}
		text = text[end:]
	}
}

// detectEDN distinguishes the log of a key-value store from other EDN: it has keys, and
// its ops have no numbers and no times.
func detectEDN(head []byte) Format {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	v, err := edn.Parse(string(line))
	m, ok := v.(edn.Map)
	if err != nil || !ok {
		return EDN
	}
	_, key := m.Get(edn.Keyword("key"))
	_, index := m.Get(edn.Keyword("index"))
	f, _ := m.Get(edn.Keyword("f"))
	if key && !index && (f == edn.Keyword("get") || f == edn.Keyword("put") || f == edn.Keyword("append")) {
		return KV
	}
	return EDN
}
