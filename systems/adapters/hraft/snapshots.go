package hraft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashicorp/raft"

	"github.com/capsize-go/capsize/cluster"
)

// snapshotFile holds the newest snapshot.
const snapshotFile = "snapshot"

// A shelf is raft's SnapshotStore on a host's disk. It keeps the newest snapshot:
// a rename puts it in the place of the one before, so a crash leaves one or the
// other.
type shelf struct{ d *Disk }

// Snapshots returns raft's SnapshotStore on the same disk.
func (d *Disk) Snapshots() raft.SnapshotStore { return shelf{d} }

var _ raft.SnapshotStore = shelf{}

// A sink takes a snapshot.
type sink struct {
	d    *Disk
	Meta raft.SnapshotMeta
	Data []byte
}

// Create begins a snapshot. Nothing is on the disk before it is closed.
func (s shelf) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	return &sink{d: s.d, Meta: raft.SnapshotMeta{
		Version: version, ID: fmt.Sprintf("%d-%d", term, index), Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	}}, nil
}

// List returns the snapshot, if there is one.
func (s shelf) List() ([]*raft.SnapshotMeta, error) {
	found, err := s.read()
	if err != nil || found == nil {
		return nil, err
	}
	return []*raft.SnapshotMeta{&found.Meta}, nil
}

// Open returns the snapshot of that ID.
func (s shelf) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	found, err := s.read()
	if err != nil {
		return nil, nil, err
	}
	if found == nil || found.Meta.ID != id {
		return nil, nil, fmt.Errorf("no snapshot %s", id)
	}
	return &found.Meta, io.NopCloser(bytes.NewReader(found.Data)), nil
}

// read returns what is on the disk, or nil.
func (s shelf) read() (*sink, error) {
	f, err := s.d.h.Disk().Open(snapshotFile)
	if err != nil || f.Size() == 0 {
		return nil, s.d.unlessCrashed(err)
	}
	found := &sink{}
	if err := json.NewDecoder(f).Decode(found); err != nil {
		return nil, fmt.Errorf("read the snapshot: %w", err)
	}
	return found, nil
}

// Write takes a part of the state.
func (s *sink) Write(p []byte) (int, error) {
	s.Data = append(s.Data, p...)
	return len(p), nil
}

// Close puts the snapshot on the disk, in the place of the one before.
func (s *sink) Close() error {
	s.Meta.Size = int64(len(s.Data))
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode a snapshot: %w", err)
	}
	if err := s.put(body); err != nil && !errors.Is(err, cluster.ErrCrashed) {
		return fmt.Errorf("write a snapshot: %w", err)
	}
	return nil
}

func (s *sink) put(body []byte) error {
	fresh := snapshotFile + "." + s.Meta.ID
	f, err := s.d.h.Disk().Open(fresh)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.Write(body); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := s.d.h.Disk().Rename(fresh, snapshotFile); err != nil {
		return err
	}
	return f.Sync()
}

// ID returns the name of the snapshot.
func (s *sink) ID() string { return s.Meta.ID }

// Cancel drops the snapshot.
func (s *sink) Cancel() error { return nil }
