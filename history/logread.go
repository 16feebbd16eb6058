package history

import (
	"bytes"
	"fmt"
	"io"
	"iter"

	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/history/internal/lex"
)

// logMark stands before the op in each line of a console log that has one, with a
// dash or a colon behind it.
var logMark = []byte("jepsen.util")

// isLog reports whether text is from a console log: it has a line with an op, or
// lines with the level of what they log.
func isLog(text []byte) bool {
	if first := bytes.TrimSpace(text); len(first) == 0 || bytes.IndexByte([]byte("{[(;#"), first[0]) >= 0 {
		return false
	}
	for line := range bytes.Lines(text) {
		if _, ok := logged(line); ok || hasLevel(line) {
			return true
		}
	}
	return false
}

// hasLevel reports whether a line begins as those of a log do: with a level, or
// with a time and a level.
func hasLevel(line []byte) bool {
	for i, word := range bytes.Fields(line[:min(len(line), 64)]) {
		switch string(word) {
		case "INFO", "WARN", "ERROR", "DEBUG":
			return i == 0 || i < 3 && lex.IsDigit(bytes.TrimSpace(line)[0])
		}
	}
	return false
}

// logged returns the fields of the op in a line of a log, if it has one: process,
// type, f, and the rest. Tabs stand between them, or blanks in some logs. In
// Jepsen's history.txt nothing stands before the process; in a log there is a time, a
// level, jepsen.util, or what authors print there.
func logged(line []byte) (fields [4][]byte, ok bool) {
	rest := line
	marked := bytes.Index(line, logMark)
	if marked >= 0 {
		rest = bytes.TrimPrefix(line[marked+len(logMark):], []byte(":"))
		rest = bytes.TrimLeft(rest, " -\t")
		if fields, ok = splitOp(rest); ok {
			return fields, true
		}
	}
	for at := range rest { // a process, and a type behind it
		if rest[at] != ':' || at == 0 || !isBlank(rest[at-1]) {
			continue
		}
		end := bytes.IndexAny(rest[at:], " \t")
		if end < 0 || !isType(rest[at:at+end]) {
			continue
		}
		before := bytes.TrimRight(rest[:at], " \t")
		process := before[bytes.LastIndexAny(before, " \t")+1:]
		if !isProcess(process) {
			continue
		}
		fields, ok = splitOp(rest[len(before)-len(process):])
		if ok && (len(process) == len(bytes.TrimLeft(before, " \t")) || fields[2][0] == ':' || marked >= 0) {
			return fields, true
		}
	}
	return fields, false
}

// splitOp splits an op in a log into process, type, f, and the rest.
func splitOp(rest []byte) (fields [4][]byte, ok bool) {
	for i := range 3 {
		end := bytes.IndexAny(rest, " \t")
		if end <= 0 {
			return fields, false
		}
		fields[i], rest = rest[:end], bytes.TrimLeft(rest[end:], " \t")
	}
	fields[3] = bytes.Trim(rest, lex.Blanks)
	return fields, len(fields[3]) > 0 && fields[1][0] == ':'
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isType reports whether a field is the type of an op.
func isType(field []byte) bool {
	switch string(field) {
	case ":invoke", ":ok", ":fail", ":info":
		return true
	}
	return false
}

// isProcess reports whether a field is the number of a process, or the nemesis.
func isProcess(field []byte) bool {
	return edn.AllDigits(string(field)) || string(field) == ":"+nemesisName
}

// scanLog yields the ops of a console log.
func scanLog(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		f := logFile{p: edn.NewText(""), records: newRecords(opts)}
		f.records.ops(name, func(yield func(*record, error) bool) {
			l := lex.NewLines(r)
			for {
				line, err := l.Next()
				if err == io.EOF {
					return
				}
				if err == nil {
					fields, ok := logged(line)
					if !ok {
						continue
					}
					if err = lex.CheckUTF8(line); err == nil {
						err = f.read(fields, l.N)
					}
				}
				if err != nil {
					yield(nil, fileError(name, l.N, err))
					return
				}
				if !yield(&f.rec, nil) {
					return
				}
			}
		})(yield)
	}
}

// logFile is a log that is being read.
type logFile struct {
	p       *edn.Parser // of one field after the other
	records *records
	rec     record
}

// read reads the fields of a line: process, type, f, and value, behind which there may
// be an error. An op that is neither invoked nor ok and has a keyword for a value has
// it for its error.
func (f *logFile) read(fields [4][]byte, line int) error {
	f.rec = record{index: -1, line: line}
	rec := &f.rec
	for i, name := range [...]string{"process", "type", "f"} {
		f.p.Reset(fields[i])
		v, err := f.p.Only()
		if err == nil {
			err = f.records.set(rec, name, v)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	f.p.Reset(fields[3])
	v, err := f.p.Value(0)
	if err != nil {
		return fmt.Errorf("value: %w", edn.Inside(err))
	}
	rec.op.Value, rec.hasValue = v, true
	rec.err = reasonOf(f.p.Rest())
	if k, ok := v.(edn.Keyword); ok && rec.err == nil && rec.kind.(Type) > OK {
		rec.err = k
	}
	return nil
}

// reasonOf returns the error that stands behind a value in a log: a value of EDN,
// or else a text.
func reasonOf(rest []byte) any {
	rest = bytes.Trim(rest, lex.Blanks)
	if len(rest) == 0 {
		return nil
	}
	reason := string(rest)
	if v, err := edn.Parse(reason); err == nil {
		return v
	}
	return reason
}
