package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/pebblefs"
)

// Pebble returns a store on pebble. With noSync, which is the mistake to be found,
// writes are acknowledged before they are synced to the write-ahead log.
func Pebble(noSync bool) Store {
	return Store{func(_ context.Context, h *cluster.Host) (engine, error) {
		o := pebblefs.Options(h)
		o.MemTableSize = 16 << 10 // small, so that flushes and compactions happen
		o.L0CompactionThreshold = 2
		o.FormatMajorVersion = pebble.FormatNewest
		db, err := pebble.Open("data", o)
		if err != nil {
			return nil, err
		}
		return pebbleDB{db, &pebble.WriteOptions{Sync: !noSync}}, nil
	}}
}

type pebbleDB struct {
	*pebble.DB
	write *pebble.WriteOptions
}

func (db pebbleDB) get(key string) (int, error) {
	b, c, err := db.Get([]byte(key))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	defer c.Close()
	return decode(b)
}

func (db pebbleDB) put(key string, value int) error {
	return db.Set([]byte(key), encode(value), db.write)
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
