package hraft

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/journal"
)

// A Disk is raft's LogStore and StableStore on a host's disk: a file of records
// that only grows, and what it says in memory. A record at the end that a crash
// tore was never acknowledged, and is cut off.
//
// Raft calls it from several goroutines. The lock is not held over a sync: in a stock build a
// goroutine that waits for a lock is not at rest, and virtual time would stand
// still while the sync sleeps.
//
// It is not for faults of disks: raft panics in a goroutine of its own if it can't write its term.
type Disk struct {
	// Sync makes durable what was written; by default it syncs the file.
	Sync func() error

	h    *cluster.Host
	file *cluster.File

	mu          sync.Mutex
	first, last uint64 // of the log; 0 and 0 if it is empty
	logs        map[uint64]raft.Log
	values      map[string][]byte
	numbers     map[string]uint64
}

var (
	_ raft.LogStore    = (*Disk)(nil)
	_ raft.StableStore = (*Disk)(nil)
)

// A record is one change; one of its fields is set.
type record struct {
	Logs   []raft.Log        `json:",omitempty"`
	Delete []uint64          `json:",omitempty"` // the first and the last index
	Value  map[string][]byte `json:",omitempty"`
	Number map[string]uint64 `json:",omitempty"`
}

// OpenDisk reads what the host's disk holds.
func OpenDisk(h *cluster.Host) (*Disk, error) {
	d := &Disk{h: h, logs: map[uint64]raft.Log{}, values: map[string][]byte{}, numbers: map[string]uint64{}}
	var err error
	if d.file, err = h.Disk().Open("raft"); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	d.Sync = d.file.Sync
	data := make([]byte, d.file.Size())
	if _, err := io.ReadFull(d.file, data); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	rest := data
	for {
		rec, after, ok := journal.Next(rest, false)
		if !ok {
			break
		}
		var r record
		if err := json.Unmarshal(rec[1:], &r); err != nil {
			return nil, fmt.Errorf("read the log at byte %d: %w", len(data)-len(rest), err)
		}
		d.apply(r)
		rest = after
	}
	if err := d.file.Truncate(int64(len(data) - len(rest))); err != nil {
		return nil, fmt.Errorf("cut off a torn record: %w", err)
	}
	return d, nil
}

// store applies a record and returns when it is on the disk.
func (d *Disk) store(r record) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a record of the log: %w", err)
	}
	if err := d.write(r, journal.End(append(journal.Begin(nil, 1), body...), 0)); err != nil {
		return d.unlessCrashed(err)
	}
	return d.unlessCrashed(d.Sync())
}

func (d *Disk) write(r record, frame []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.file.Write(frame); err != nil {
		return err
	}
	d.apply(r)
	return nil
}

// unlessCrashed leaves out the error of a host that has crashed: raft panics if it can't
// write its term, but what a node does after its crash has no effect.
func (d *Disk) unlessCrashed(err error) error {
	if errors.Is(err, cluster.ErrCrashed) {
		return nil
	}
	return err
}

// apply carries out a record in memory.
func (d *Disk) apply(r record) {
	for _, l := range r.Logs {
		d.logs[l.Index] = l
		if d.first == 0 {
			d.first = l.Index
		}
		d.last = max(d.last, l.Index)
	}
	if len(r.Delete) == 2 {
		d.remove(r.Delete[0], r.Delete[1])
	}
	for k, v := range r.Value { // order: one key a record
		d.values[k] = v
	}
	for k, v := range r.Number { // order: one key a record
		d.numbers[k] = v
	}
}

// remove drops entries at one end of the log.
func (d *Disk) remove(from, to uint64) {
	for i := from; i <= to; i++ {
		delete(d.logs, i)
	}
	if from <= d.first {
		d.first = to + 1
	}
	if to >= d.last {
		d.last = from - 1
	}
	if d.first > d.last {
		d.first, d.last = 0, 0
	}
}

// FirstIndex returns the index of the oldest entry, or 0.
func (d *Disk) FirstIndex() (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.first, nil
}

// LastIndex returns the index of the newest entry, or 0.
func (d *Disk) LastIndex() (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last, nil
}

// GetLog copies an entry.
func (d *Disk) GetLog(index uint64, l *raft.Log) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.logs[index]
	if !ok {
		return raft.ErrLogNotFound
	}
	*l = found
	return nil
}

// StoreLog stores an entry.
func (d *Disk) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores entries, all or none of them.
func (d *Disk) StoreLogs(logs []*raft.Log) error {
	var r record
	for _, l := range logs {
		r.Logs = append(r.Logs, *l)
	}
	return d.store(r)
}

// DeleteRange removes entries at one end of the log.
func (d *Disk) DeleteRange(from, to uint64) error { return d.store(record{Delete: []uint64{from, to}}) }

// Set stores a value.
func (d *Disk) Set(key, value []byte) error {
	return d.store(record{Value: map[string][]byte{string(key): value}})
}

// Get returns a value. Raft looks for the text of the error of a missing one.
func (d *Disk) Get(key []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.values[string(key)]
	if !ok {
		return nil, errors.New("not found")
	}
	return v, nil
}

// SetUint64 stores a number.
func (d *Disk) SetUint64(key []byte, n uint64) error {
	return d.store(record{Number: map[string]uint64{string(key): n}})
}

// GetUint64 returns a number, or 0.
func (d *Disk) GetUint64(key []byte) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.numbers[string(key)], nil
}
