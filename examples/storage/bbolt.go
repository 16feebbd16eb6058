package storage

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/capsize-go/capsize/cluster"
)

// Bbolt returns a store on bbolt, in the real folder of the host. With early, which
// is the mistake to be found, a write is acknowledged when it waits to be committed.
//
// The database does not sync: nothing that was written to the folder is lost in a
// crash, so syncs would cost time of the machine and show nothing. For the same
// reason a test on this folder can't find that a sync is missing.
func Bbolt(early bool) Store {
	return Store{func(ctx context.Context, h *cluster.Host) (engine, error) {
		dir, err := h.Dir()
		if err != nil {
			return nil, err
		}
		db, err := bbolt.Open(filepath.Join(dir, "data"), 0o600, &bbolt.Options{NoSync: true})
		if err != nil {
			return nil, err
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(bucket)
			return err
		})
		if err != nil {
			return nil, err
		}
		b := &boltDB{DB: db, early: early, waiting: map[string]int{}}
		if early {
			go b.commitEach(ctx, h, 20*time.Millisecond)
		}
		return b, nil
	}}
}

var bucket = []byte("values")

type boltDB struct {
	*bbolt.DB
	early bool

	mu      sync.Mutex
	waiting map[string]int // values that were acknowledged and are not committed
}

func (b *boltDB) get(key string) (value int, err error) {
	b.mu.Lock()
	value, ok := b.waiting[key]
	b.mu.Unlock()
	if ok {
		return value, nil
	}
	err = b.View(func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bucket).Get([]byte(key)); v != nil {
			value, err = decode(v)
		}
		return err
	})
	return value, err
}

func (b *boltDB) put(key string, value int) error {
	if b.early {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waiting[key] = value
		return nil
	}
	return b.commit(map[string]int{key: value})
}

func (b *boltDB) commit(values map[string]int) error {
	return b.Update(func(tx *bbolt.Tx) error {
		for key, value := range values {
			if err := tx.Bucket(bucket).Put([]byte(key), encode(value)); err != nil {
				return err
			}
		}
		return nil
	})
}

// commitEach commits what waits, again and again, until the host crashes.
func (b *boltDB) commitEach(ctx context.Context, h *cluster.Host, d time.Duration) {
	for h.Sleep(d) == nil && ctx.Err() == nil {
		b.mu.Lock()
		err := b.commit(b.waiting)
		clear(b.waiting)
		b.mu.Unlock()
		if err != nil {
			h.Exit(err)
		}
	}
}
