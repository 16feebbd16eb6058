package sqldriver

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/model"
)

// operation returns what the statement asks of the database, with its arguments.
func (s *statement) operation(args []driver.NamedValue) (model.TxnOp, error) {
	op := model.TxnOp{F: s.op}
	if len(args) != s.args {
		return op, fmt.Errorf("%s: %d arguments for %d placeholders", s.text, len(args), s.args)
	}
	if s.key != (operand{}) {
		op.Key = s.key.in(args)
	}
	if s.value == (operand{}) {
		return op, nil
	}
	n, err := strconv.Atoi(s.value.in(args))
	if err != nil || n < 1 {
		return op, fmt.Errorf("%s: the value %q is no number above 0", s.text, s.value.in(args))
	}
	if op.Value = n; op.F == model.TxnReadAll {
		op = model.TxnOp{F: op.F, Key: fmt.Sprintf("[= %d]", n)}
	}
	return op, nil
}

// in returns the operand as a text.
func (o operand) in(args []driver.NamedValue) string {
	if o.at == 0 {
		return o.text
	}
	if b, ok := args[o.at-1].Value.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(args[o.at-1].Value)
}

// rows returns what a query returns, of the operation that was answered.
func (s *statement) rows(op model.TxnOp) driver.Rows {
	r := &rows{column: s.column}
	switch {
	case s.column == keys:
		for _, key := range sorting.Keys(op.Rows) {
			r.values = append(r.values, key)
		}
	case s.lists:
		list, _ := json.Marshal(append([]int{}, op.List...)) // numbers have JSON
		r.values = append(r.values, string(list))
	case op.Value != 0:
		r.values = append(r.values, int64(op.Value))
	}
	return r
}

// A rows is the answer of a query: rows of one column.
type rows struct {
	column string
	values []driver.Value
}

// Columns returns the name of the column.
func (r *rows) Columns() []string { return []string{r.column} }

// Close ends the answer.
func (r *rows) Close() error { return nil }

// Next sets the value of the next row.
func (r *rows) Next(into []driver.Value) error {
	if len(r.values) == 0 {
		return io.EOF
	}
	into[0], r.values = r.values[0], r.values[1:]
	return nil
}
