package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/checker/txn/levels"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// StrictSerializable is the consistency that models of transactions are held to by default, as Elle does.
const StrictSerializable = string(txn.StrictSerializable)

// transactionModels lists the models of transactions. Their files are read into columns, see [Check.ReadTransactions].
func transactionModels() []Model {
	return []Model{
		transactions("list-append", "transactions of appends to lists, and reads of them: append, r; Elle's", txn.Lists),
		transactions("rw-register", "transactions of writes of registers, each value once, and reads of them: w, r; Elle's", txn.Registers),
		transactions("predicate", "transactions of rows: insert, w, delete, r, and rp, which reads all that match a predicate; Elle's", txn.Predicates),
		logs(),
	}
}

// transactions returns the row of a model of transactions.
func transactions(name, doc string, kind txn.Kind) Model {
	return Model{
		Row: Row{name, doc}, kind: &kind, Fs: []string{"txn"},
		check: func(consistency string) (checker.Checker, bool) {
			if consistency == Strongest {
				return levels.CheckerWith(txn.Options{Kind: kind}), true
			}
			m, err := txn.FindModel(consistency)
			return levels.CheckerWith(txn.Options{Kind: kind, Models: []txn.Model{m}}), err == nil
		},
	}
}

// logs returns the row of the checker of Kafka's logs.
func logs() Model {
	return Model{
		Row: Row{"kafka", "logs by partition: send, poll, assign, subscribe, also in transactions; what was acknowledged is polled, once and in order; Jepsen's"},
		Own: true, Fs: []string{"send", "poll", "txn", "assign", "subscribe", "crash", "debug-topic-partitions"},
		check:   func(string) (checker.Checker, bool) { return kafka.Checker(kafka.Options{}), true },
		mayFail: []string{"assign", "subscribe", "crash", "debug-topic-partitions"}, // which move no message
		read:    history.ReadAs[kafka.Request, kafka.Reply],
		translator: func() func(history.Op) (history.Op, error) {
			return func(op history.Op) (history.Op, error) { return op, nil } // the checker reads what Jepsen records
		},
	}
}

// Transactions reports whether the histories of the model are of transactions, which have consistencies and formats of their own.
func (m Model) Transactions() bool { return m.kind != nil }

// DefaultConsistency is what the model is held to if nothing else is said.
func (m Model) DefaultConsistency() string {
	if m.Transactions() {
		return StrictSerializable
	}
	return Linearizable
}

// TransactionConsistencies describes what models of transactions can be held to, the strictest first.
func TransactionConsistencies() []Row {
	var all []Row
	for _, m := range slices.Backward(txn.Models()) {
		doc := m.Doc()
		if others := m.Names(); len(others) > 0 {
			doc += "; also " + strings.Join(others, ", ")
		}
		all = append(all, Row{string(m), doc})
	}
	return append(all, Row{Strongest, "the strongest of these that a history of transactions keeps, and the weakest that it does not"})
}

// TransactionFormats describes the formats that only histories of transactions have.
func TransactionFormats() []Row {
	return []Row{
		{txnfile.Plume.String(), "of transactions: the text of PolySI and Plume, a line r(KEY,VALUE,SESSION,TRANSACTION) or w(…) an operation; no times"},
		{txnfile.Cobra.String(), "of transactions: a folder with a binary log a session, as Cobra's clients write them; read only"},
		{txnfile.DBCop.String(), "of transactions: dbcop's history.bincode; read only"},
		{txnfile.AWDIT.String(), "of transactions: the text of AWDIT's tests, lines r KEY VALUE and w KEY VALUE in blocks; read only"},
	}
}

// TransactionFormatNames lists the names that a format of transactions has: auto, those that they share with other histories, and
// those of [TransactionFormats].
func TransactionFormatNames() []string {
	all := []string{txnfile.Auto.String()}
	for _, f := range txnfile.Formats() {
		all = append(all, f.String())
	}
	return all
}

// A TransactionFile is a history of transactions that was read from a file.
type TransactionFile struct {
	*txnfile.File
	Name string
}

// ReadTransactions reads a history of transactions: a file, a folder of logs of Cobra, or in if that is not nil. The format is the
// name of one, see [TransactionFormatNames].
func (c *Check) ReadTransactions(file string, in io.Reader, format string) (TransactionFile, error) {
	f, err := txnfile.ParseFormat(format)
	if err != nil {
		return TransactionFile{}, names.Unknown("format of transactions", format, TransactionFormatNames())
	}
	o := txnfile.Options{Format: f, Kind: *c.Model.kind, Lenient: c.opts.Lenient, Rename: c.opts.Rename}
	var read *txnfile.File
	if in != nil {
		read, err = txnfile.Read(in, file, o)
	} else {
		read, err = txnfile.Open(file, o)
	}
	if err != nil {
		if hint := txnfile.Hint(err); hint != "" {
			err = fmt.Errorf("%w\n  %s", err, hint)
		}
		var placed *history.FileError
		if errors.As(err, &placed) {
			err = fmt.Errorf("read history: %w", err)
		}
		return TransactionFile{}, err
	}
	return TransactionFile{File: read, Name: file}, nil
}

// A TransactionJudgement is the verdict on a history of transactions.
type TransactionJudgement struct {
	checker.Result
	TransactionFile
	Report *txn.Report
	Page   *history.History // the calls that a page shows: all, or of a large history those of the counterexample
	Whole  bool             // Page has all
	shown  int              // which anomaly is the counterexample; -1 if none is
}

// JudgeTransactions judges a history that was read. With the consistency strongest the verdict is valid if any model holds.
func (c *Check) JudgeTransactions(ctx context.Context, f TransactionFile) (TransactionJudgement, error) {
	o := txn.Options{Kind: f.Kind, LinearizableKeys: c.opts.LinearizableKeys, SequentialKeys: c.opts.SequentialKeys}
	required, report := txn.StrictSerializable, c.opts.Consistency == Strongest
	if !report {
		m, err := txn.FindModel(c.opts.Consistency)
		if err != nil {
			return TransactionJudgement{}, err
		}
		required = m
		if f.Kind != txn.Lists { // others need a search for the strong models, which tells nothing of this one
			o.Models = weaker(f.History, m)
		}
	}
	rep, err := levels.Judge(ctx, f.History, o)
	if err != nil {
		return TransactionJudgement{}, fmt.Errorf("judge history: %s: %w", f.Name, err)
	}
	j := TransactionJudgement{TransactionFile: f, Report: rep}
	if report {
		j.conclude(j.strongest())
	} else {
		j.conclude(j.holds(required))
	}
	return j, nil
}

// weaker returns a model and all that it implies of a history.
func weaker(h *txn.History, m txn.Model) []txn.Model {
	return slices.DeleteFunc(txn.Models(), func(x txn.Model) bool { return !h.Implies(m, x) })
}
