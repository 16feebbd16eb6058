package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/adapters/pebblefs"
)

// Pebble returns a store on pebble. With noSync, which is the mistake to be found,
// writes are acknowledged before they are synced to the write-ahead log.
func Pebble(noSync bool) Store {
	return Store{func(_ context.Context, h *cluster.Host) (engine, error) {
		o := pebblefs.Options(h)
		o.L0CompactionThreshold = 2
		o.FormatMajorVersion = pebble.FormatNewest
		db, err := pebble.Open("data", o)
		if err != nil {
			return nil, err
		}
		return &pebbleDB{DB: db, write: &pebble.WriteOptions{Sync: !noSync}}, nil
	}}
}

type pebbleDB struct {
	*pebble.DB
	write  *pebble.WriteOptions
	writes atomic.Int64
}

// flushEach is after how many writes the store flushes. It does so by itself, since
// when a memtable of pebble is full differs from run to run: it draws the heights of
// its skip list from the runtime.
const flushEach = 50

func (db *pebbleDB) get(key string) (int, error) {
	b, c, err := db.Get([]byte(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	defer c.Close()
	return decode(b)
}

func (db *pebbleDB) put(key string, value int) error {
	if err := db.Set([]byte(key), encode(value), db.write); err != nil {
		return err
	}
	if db.writes.Add(1)%flushEach == 0 {
		_, err := db.AsyncFlush()
		return err
	}
	return nil
}

// padding makes values large, so that files fill.
const padding = 512

func encode(value int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, padding), uint64(value))
}

func decode(b []byte) (int, error) {
	if len(b) != padding+8 {
		return 0, fmt.Errorf("a value has %d bytes", len(b))
	}
	return int(binary.BigEndian.Uint64(b[padding:])), nil
}
