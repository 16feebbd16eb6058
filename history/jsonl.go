package history

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// nemesisName is how files name the process of the nemesis.
const nemesisName = "nemesis"

// Write writes the history as JSON lines, one op a line; see [AppendJSON]. What
// it writes, [Read] reads back.
func (h *History) Write(w io.Writer) error {
	return h.Encode(w, Options{Format: JSONL})
}

// Digest returns the SHA-256, in hex, of what [History.Write] writes. Two runs
// are the same run if their digests are the same.
func (h *History) Digest() (string, error) {
	sum := sha256.New()
	if err := h.Write(sum); err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// AppendJSON appends op to b as a JSON object without a line break. Its fields
// stand in the order index, time, process, node, type, key, input, output,
// error, and those that are empty are left out. Times are nanoseconds, and the
// process of the nemesis is "nemesis". Inputs and outputs are encoded by
// [encoding/json], so that text that is not UTF-8 loses its odd bytes.
//
// AppendJSON refuses an op that would not be the same when it is read back: one
// with an input that is not an invocation, one with an output that is.
func AppendJSON(b []byte, op Op) ([]byte, error) {
	if err := op.check(); err != nil {
		return b, err
	}
	b = strconv.AppendInt(append(b, `{"index":`...), int64(op.Index), 10)
	b = strconv.AppendInt(append(b, `,"time":`...), int64(op.Time), 10)
	b = append(b, `,"process":`...)
	if op.Process == Nemesis {
		b = append(b, `"`+nemesisName+`"`...)
	} else {
		b = strconv.AppendInt(b, int64(op.Process), 10)
	}
	b = appendText(b, "node", op.Node)
	b = append(append(append(b, `,"type":"`...), op.Type.String()...), '"')
	b = appendText(b, "key", op.Key)
	b, err := appendValue(b, "input", op.Input)
	if err == nil {
		b, err = appendValue(b, "output", op.Output)
	}
	if err != nil {
		return b, err
	}
	b = appendText(b, "error", op.Err)
	return append(b, '}'), nil
}

// check finds what makes an op none.
func (o Op) check() error {
	switch {
	case int(o.Type) >= len(typeNames):
		return fmt.Errorf("type %d is none of invoke, ok, fail, info", o.Type)
	case o.Process < Nemesis:
		return fmt.Errorf("process %d is negative", o.Process)
	case o.Type != Invoke && o.Input != nil:
		return fmt.Errorf("input on type %v: only an invoke has one", o.Type)
	case o.Type == Invoke && o.Output != nil:
		return errors.New("output on type invoke: only a completion has one")
	}
	if _, ok := o.Input.(string); o.Process == Nemesis && o.Input != nil && !ok {
		return fmt.Errorf("input of the nemesis is of type %T: it must be a string", o.Input)
	}
	return nil
}

// appendText appends a field, unless it is empty.
func appendText(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return lex.AppendString(b, s)
}

// appendValue appends a field, unless it is nil.
func appendValue(b []byte, name string, v any) ([]byte, error) {
	if v == nil {
		return b, nil
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	switch v := v.(type) {
	case string:
		return lex.AppendString(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	}
	enc, err := json.Marshal(v)
	if err != nil {
		return b, fmt.Errorf("%s of type %T: %w", name, v, err)
	}
	return append(b, enc...), nil
}
