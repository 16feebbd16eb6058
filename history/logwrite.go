package history

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/history/edn"
)

// logWriter writes ops as a Jepsen test prints them.
type logWriter struct{ recorder }

// append appends an op as a line of a console log.
func (w *logWriter) append(b []byte, op Op) ([]byte, error) {
	typ, j, err := w.record(op)
	if err != nil {
		return b, err
	}
	if op.Key != "" && op.Process != Nemesis && !w.independent {
		return b, fmt.Errorf("a log has no place for key %q, unless it is written as part of the value: as independent", op.Key)
	}
	b = appendProcess(append(b, "INFO  jepsen.util - "...), op.Process)
	b = append(append(b, "\t:"...), typ.String()...)
	b = append(appendFLog(append(b, '\t'), j.F), '\t')
	if b, err = w.appendValue(b, op, j); err != nil {
		return b, err
	}
	if k, ok := j.Value.(edn.Keyword); ok && typ > OK && op.Err == ":"+string(k) {
		return b, nil // the value says it
	}
	if op.Err != "" {
		b = appendTextEDN(append(b, '\t'), op.Err, isReason(op.Err))
	}
	return b, nil
}

// appendFLog appends the name of what is done, without blanks: they stand between
// fields.
func appendFLog(b []byte, f string) []byte {
	if !strings.Contains(f, " ") {
		return appendFEDN(b, f)
	}
	return append(b, strings.ReplaceAll(edn.Must(f), " ", `\u0020`)...)
}

// isReason reports whether a log may have an error as it is.
func isReason(s string) bool {
	var r records
	v, line := reasonOf([]byte(s)), []byte(s)
	return r.errText(v) == s && !bytes.ContainsAny(line, "\n\r")
}

// kvWriter writes ops as porcupine's logs of a key-value store have them.
type kvWriter struct{ recorder }

// append appends an op as an EDN map.
func (w *kvWriter) append(b []byte, op Op) ([]byte, error) {
	typ, j, err := w.record(op)
	if err != nil {
		return b, err
	}
	b = appendProcess(append(b, "{:process "...), op.Process)
	b = append(append(b, ", :type :"...), typ.String()...)
	b = appendFEDN(append(b, ", :f "...), j.F)
	if !w.keyed(op) {
		b = edn.AppendString(append(b, ", :key "...), op.Key)
	}
	if b, err = w.appendValue(append(b, ", :value "...), op, j); err != nil {
		return b, err
	}
	if op.Err != "" {
		b = appendTextEDN(append(b, ", :error "...), op.Err, looksEDN(op.Err))
	}
	return append(b, '}'), nil
}
