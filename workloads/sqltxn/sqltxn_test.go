package sqltxn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
	"github.com/capsize-go/capsize/workloads/sqltxn"
)

// A fake is a database that answers each query with one value, and each statement and COMMIT with an error.
type fake struct {
	value           driver.Value
	exec, commit    error
	queries, begins int
	level           sql.IsolationLevel
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (f *fake) Driver() driver.Driver                        { return nil }
func (f *fake) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("no statement is prepared")
}
func (f *fake) Close() error              { return nil }
func (f *fake) Begin() (driver.Tx, error) { return nil, errors.New("BeginTx is used") }
func (f *fake) Commit() error             { return f.commit }
func (f *fake) Rollback() error           { return errors.New("the connection is lost") }
func (f *fake) Columns() []string         { return []string{"v"} }
func (f *fake) BeginTx(_ context.Context, o driver.TxOptions) (driver.Tx, error) {
	f.begins++
	f.level = sql.IsolationLevel(o.Isolation)
	return f, nil
}

func (f *fake) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), f.exec
}

func (f *fake) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	f.queries = 0
	return f, nil
}

func (f *fake) Next(into []driver.Value) error {
	if f.queries++; f.queries > 1 || f.value == io.EOF {
		return io.EOF
	}
	into[0] = f.value
	return nil
}

var (
	appendX = []model.TxnOp{{F: model.TxnAppend, Key: "x", Value: 1}}
	readX   = []model.TxnOp{{F: model.TxnRead, Key: "x"}}
	lists   = sqltxn.Options{Statements: sqltxn.Statements{Append: "append", ReadList: "read"}, Tx: sql.TxOptions{Isolation: sql.LevelSerializable}}
)

// TestLists reads lists as databases spell them.
func TestLists(t *testing.T) {
	for _, row := range []struct {
		value driver.Value
		want  []int
	}{
		{io.EOF, nil}, {nil, nil}, {"", nil}, {"[]", []int{}}, {"[1, 2]", []int{1, 2}}, {[]byte("1,2"), []int{1, 2}}, {int64(7), []int{7}},
	} {
		f := &fake{value: row.value}
		out, err := sqltxn.New(sql.OpenDB(f), lists).Txn(t.Context(), readX)
		require.NoError(t, err)
		assert.Equal(t, row.want, out[0].List, "%v", row.value)
		assert.Equal(t, sql.LevelSerializable, f.level)
	}
	_, err := sqltxn.New(sql.OpenDB(&fake{value: "{1}"}), lists).Txn(t.Context(), readX)
	assert.ErrorContains(t, err, `the list "{1}" is neither a JSON array`)
}

// TestOutcomes says which errors leave a transaction without effect: all before COMMIT, and of COMMIT those that the database says so of.
func TestOutcomes(t *testing.T) {
	conflict, broken := errors.New("SQLSTATE 40001"), errors.New("broken pipe")
	o := lists
	o.Aborted = func(err error) bool { return errors.Is(err, conflict) }
	for _, row := range []struct {
		fake    fake
		mistake sqltxn.Mistake
		want    history.Type
	}{
		{fake{}, 0, history.OK},
		{fake{exec: broken}, 0, history.Fail},
		{fake{commit: broken}, 0, history.Info},
		{fake{commit: driver.ErrBadConn}, 0, history.Info},
		{fake{commit: conflict}, 0, history.Fail},
		{fake{commit: model.ErrAborted}, 0, history.Fail},
		{fake{exec: broken}, sqltxn.Autocommit, history.Info},
		{fake{exec: model.ErrAborted}, sqltxn.Autocommit, history.Fail},
	} {
		o.Mistake = row.mistake
		_, err := sqltxn.New(sql.OpenDB(&row.fake), o).Txn(t.Context(), appendX)
		assert.Equal(t, row.want, workloads.Outcome(err), "%+v: %v", row, err)
		assert.LessOrEqual(t, row.fake.begins, 1, "it is not tried again")
	}
}

// TestAutocommitHalfway has the second statement of a transaction fail that is none: the first has taken effect.
func TestAutocommitHalfway(t *testing.T) {
	o := lists
	o.Mistake = sqltxn.Autocommit
	f := &fake{exec: model.ErrAborted}
	_, err := sqltxn.New(sql.OpenDB(f), o).Txn(t.Context(), append(readX, appendX...))
	assert.Equal(t, history.Info, workloads.Outcome(err), "%v", err)
}
