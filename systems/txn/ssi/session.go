package ssi

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/systems/txn/internal/front"
)

// A Level is the isolation level of a transaction of a [Session]. Those at different levels may run beside each other: each gets what its own
// level promises against those of its level or of a stronger one.
type Level uint8

const (
	// Serializable is what transactions of a [Client] have: see the package.
	Serializable Level = iota

	// Snapshot is snapshot isolation: it takes no SIREAD locks. PostgreSQL calls it REPEATABLE READ.
	Snapshot

	// ReadCommitted has each statement read what is committed when it begins. A write locks its key until the transaction ends, and changes the
	// last version, so that no single statement loses an update. Two statements together may.
	ReadCommitted
)

// String returns the name of the level in SQL.
func (l Level) String() string {
	if names := [...]string{"SERIALIZABLE", "SNAPSHOT", "READ COMMITTED"}; int(l) < len(names) {
		return names[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// A Session sends the statements of a transaction one at a time, as an application does that looks at what it read before it writes. It has one
// transaction at a time, and does one thing at a time.
//
// Nothing of a transaction happens without a commit. So after any error before [Session.Commit] nothing of it has happened or will; and of the
// errors of Commit, those that wrap [model.ErrAborted] say that, and all others leave it open. A transaction that gets no statement for
// [IdleTimeout] is aborted.
type Session struct {
	client *front.Client
	txn    uint64 // the number of the last one
}

// Connect returns a session with the node that the host is bound to. It sends nothing yet.
func (s Store) Connect(h *cluster.Host) *Session {
	client, _ := s.Open(context.Background(), h) // it sends nothing, so that nothing can go wrong
	return &Session{client: client}
}

// Another returns another session with the same node, for a pool of connections: n is from 1, and another one for each.
func (s *Session) Another(n uint64) *Session { return &Session{client: s.client.Another(n)} }

// Auto carries out a statement as a transaction of its own. The error is [model.ErrAborted] if nothing of it happened; after any other one
// of a statement that writes it may have happened.
func (s *Session) Auto(ctx context.Context, level Level, op model.TxnOp) (model.TxnOp, error) {
	return s.ask(ctx, part{do: whole, level: level}, op)
}

// Begin begins a transaction. One that is readOnly must not write.
func (s *Session) Begin(ctx context.Context, level Level, readOnly bool) error {
	s.txn++
	_, err := s.client.Ask(ctx, nil, part{do: begin, txn: s.txn, level: level, readOnly: readOnly})
	return err
}

// Do carries out a statement of the transaction, and returns the operation with what it read. If lock is set, no other may write the key
// until the transaction ends. No one waits for a lock: who needs one that another has is aborted.
func (s *Session) Do(ctx context.Context, op model.TxnOp, lock bool) (model.TxnOp, error) {
	return s.ask(ctx, part{do: oneStatement, txn: s.txn, lock: lock}, op)
}

// Commit commits the transaction.
func (s *Session) Commit(ctx context.Context) error {
	_, err := s.client.Ask(ctx, nil, part{do: commitIt, txn: s.txn})
	return err
}

// Rollback aborts the transaction. It need not arrive.
func (s *Session) Rollback(ctx context.Context) error {
	_, err := s.client.Ask(ctx, nil, part{do: rollback, txn: s.txn})
	if model.IsAborted(err) {
		return nil
	}
	return err
}

func (s *Session) ask(ctx context.Context, p part, op model.TxnOp) (model.TxnOp, error) {
	ops, err := s.client.Ask(ctx, []model.TxnOp{op}, p)
	if err != nil {
		return op, err
	}
	return ops[0], nil
}
