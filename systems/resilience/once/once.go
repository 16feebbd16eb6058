// Package once has a service that must do what it is asked once, as a payment, and clients that ask again when they have no answer.
package once

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// A Table is how the service knows what it has done.
type Table string

const (
	// NoTable knows nothing: each attempt is done.
	NoTable Table = "none"
	// Kept is a table of the requests that were done, on the same disk and in the same write as what was done.
	Kept Table = "table"
	// Lost is a table that the snapshot does not have from which the service starts.
	Lost Table = "table-lost"
	// Expiring is a table that forgets a request after [Service.Expiry].
	Expiring Table = "table-expiring"
)

// A Service does payments on n1. Each is written to its ledger, which survives a crash; then it takes some time, and then it is answered. The
// history has each as an effect, from before it is written until it is known to be on the disk. A crash in between may keep the payment or
// lose it, and leaves the effect indeterminate.
//
// The service stops when its disk reports an error, and restarts. Its ledger needs a disk that keeps what it has synced.
type Service struct {
	Table    Table         // default [NoTable]
	Attempts int           // of a client, at most; default 5
	Timeout  time.Duration // of one attempt; default 300ms
	Expiry   time.Duration // of an [Expiring] table; default 1s
	Takes    time.Duration // from the payment to the answer; default 60ms
}

// Role is the role of the service, for a nemesis whose faults are to hit it alone.
const Role = "payments"

// Nodes is how many nodes the service needs.
func (Service) Nodes() int { return 1 }

func (s Service) withDefaults() Service {
	if s.Table == "" {
		s.Table = NoTable
	}
	if s.Attempts == 0 {
		s.Attempts = 5
	}
	if s.Timeout == 0 {
		s.Timeout = 300 * time.Millisecond
	}
	if s.Expiry == 0 {
		s.Expiry = time.Second
	}
	if s.Takes == 0 {
		s.Takes = 60 * time.Millisecond
	}
	return s
}

// Run runs the service.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	h.SetRole(Role)
	l, err := s.withDefaults().open(ctx, h)
	if err != nil {
		return err
	}
	return web.Serve(ctx, h, ":80", web.Handle(h, http.HandlerFunc(l.pay)))
}

// A ledger is the service in one life of its host.
type ledger struct {
	Service
	process context.Context
	h       *cluster.Host
	file    *cluster.File

	mu   sync.Mutex
	done map[int]*payment
}

// A payment is an entry of the table.
type payment struct {
	at      time.Duration // when it began
	durable chan struct{} // closed when it is written
}

// ledgerFile has a line for each payment.
const ledgerFile = "ledger"

// line returns the line of a payment: its number, and when it began.
func line(id int, at time.Duration) []byte { return fmt.Appendf(nil, "%d %d\n", id, int64(at)) }

// read returns when each payment of a ledger began, and the length of the lines before the first that is not whole. A crash tore that line, and none
// after it was answered: a line is answered when all before it are on the disk as well.
func read(data []byte) (began map[int]time.Duration, whole int) {
	began = map[int]time.Duration{}
	for {
		end := whole + bytes.IndexByte(data[whole:], '\n') + 1
		var id int
		var at time.Duration
		if _, err := fmt.Sscan(string(data[whole:end]), &id, &at); err != nil || !bytes.Equal(line(id, at), data[whole:end]) {
			return began, whole
		}
		began[id], whole = at, end
	}
}

// open reads the ledger, and from it the table if that is kept. It removes what a crash has left of a line: the next line would be taken for
// the rest of it.
func (s Service) open(ctx context.Context, h *cluster.Host) (*ledger, error) {
	file, err := h.Disk().Blocking().Open(ledgerFile)
	if err != nil {
		return nil, fmt.Errorf("once: open: %w", err)
	}
	data := make([]byte, file.Size())
	if _, err := io.ReadFull(file, data); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("once: read the ledger: %w", err)
	}
	began, whole := read(data)
	if whole < len(data) {
		if err := file.Truncate(int64(whole)); err != nil {
			return nil, fmt.Errorf("once: remove a torn line: %w", err)
		}
		if err := file.Sync(); err != nil {
			return nil, fmt.Errorf("once: remove a torn line: %w", err)
		}
	}
	l := &ledger{Service: s, process: ctx, h: h, file: file, done: map[int]*payment{}}
	if s.Table == Lost {
		return l, nil
	}
	written := make(chan struct{})
	close(written)
	for id, at := range began { // order: each entry stands for itself
		l.done[id] = &payment{at, written}
	}
	return l, nil
}

// pay does a payment, unless the table has it.
func (l *ledger) pay(w http.ResponseWriter, r *http.Request) {
	ctx := web.Detached(l.process, r.Context())
	id, err := strconv.Atoi(r.Header.Get("Idempotency-Key"))
	if err != nil {
		http.Error(w, "no Idempotency-Key", http.StatusBadRequest)
		return
	}
	p, again := l.begin(id)
	if again {
		err = l.await(p)
	} else {
		effect := l.h.Begin(web.In(ctx, "effect", l.h.Name()))
		err = l.write(id, p.at)
		effect.End(nil, err)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if again {
		return
	}
	close(p.durable)
	if err := l.h.Sleep(l.h.Slowed(l.Takes)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// begin enters a request into the table, and reports whether it is there already.
func (l *ledger) begin(id int) (p *payment, again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.h.Clock().Monotonic()
	p, ok := l.done[id]
	if ok && l.Table != NoTable && (l.Table != Expiring || now-p.at < l.Expiry) {
		return p, true
	}
	p = &payment{now, make(chan struct{})}
	l.done[id] = p
	return p, false
}

// await waits until another attempt has written its payment.
func (l *ledger) await(p *payment) error {
	select {
	case <-p.durable:
		return l.h.Sleep(web.HandOver)
	case <-l.process.Done():
		return l.process.Err()
	}
}

// write writes a payment to the ledger, and returns when it is durable.
func (l *ledger) write(id int, at time.Duration) error {
	l.mu.Lock()
	_, err := l.file.Write(line(id, at))
	l.mu.Unlock()
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("once: ledger: %w", err)
	if errors.Is(err, cluster.ErrDisk) {
		// What the ledger has is unknown until it is read again: a sync that failed has dropped lines of other payments too, whose own sync would succeed
		// without them.
		l.h.Exit(err)
	}
	return err
}
