package libraries

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/rpc"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/capsize-go/capsize/cluster"
)

// A Bolt is one node with a bbolt database in a folder of the machine. Crashes of
// the host lose nothing of it: what was written is in the machine's memory.
type Bolt struct{ Dir string }

var bucket = []byte("values")

// Run serves the node until its host crashes.
func (s Bolt) Run(ctx context.Context, h *cluster.Host) error {
	name := filepath.Join(s.Dir, h.Name()+".db")
	if err := fresh(h, name); err != nil {
		return err
	}
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: time.Second, NoSync: true})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	if err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	}); err != nil {
		return fmt.Errorf("make the bucket: %w", err)
	}
	l, err := h.Listen("tcp", ":7000")
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	server := rpc.NewServer()
	if err := server.RegisterName("Bolt", &BoltService{db}); err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go server.ServeConn(conn)
	}
}

// fresh removes what an earlier run has left, in the first life of the host.
func fresh(h *cluster.Host, name string) error {
	if len(h.Disk().List()) > 0 {
		return nil
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := h.Disk().Open("lived")
	if err != nil {
		return err
	}
	return f.Sync()
}

// A BoltService is what net/rpc calls.
type BoltService struct{ db *bbolt.DB }

// A BoltPair is a key with its value.
type BoltPair struct {
	Key   string
	Value int
}

// Get reads a key.
func (s *BoltService) Get(key string, value *int) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucket).Get([]byte(key)); b != nil {
			*value = int(binary.BigEndian.Uint64(b))
		}
		return nil
	})
}

// Put writes a key.
func (s *BoltService) Put(p BoltPair, _ *struct{}) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucket).Put([]byte(p.Key), binary.BigEndian.AppendUint64(nil, uint64(p.Value)))
	})
}

// A BoltClient calls the node.
type BoltClient struct{ *rpc.Client }

// Open connects.
func (Bolt) Open(ctx context.Context, h *cluster.Host) (BoltClient, error) {
	conn, err := h.DialContext(ctx, "tcp", h.Node()+":7000")
	if err != nil {
		return BoltClient{}, err
	}
	return BoltClient{rpc.NewClient(conn)}, nil
}

func (c BoltClient) call(ctx context.Context, method string, in, out any) error {
	call := c.Go(method, in, out, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get reads a key.
func (c BoltClient) Get(ctx context.Context, key string) (int, error) {
	value := new(int)
	if err := c.call(ctx, "Bolt.Get", key, value); err != nil {
		return 0, err
	}
	return *value, nil
}

// Put writes a key.
func (c BoltClient) Put(ctx context.Context, key string, v int) error {
	return c.call(ctx, "Bolt.Put", BoltPair{key, v}, new(struct{}))
}
