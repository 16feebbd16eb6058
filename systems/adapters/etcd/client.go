package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/grpclog"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

func init() {
	// gRPC has one logger for the process, and logs what each client reports as an error of a call anyway.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

// A Client is a clientv3 of one member, with registers of integers.
type Client struct {
	etcd *clientv3.Client
	bugs Bug
}

// Open connects to the member that h is bound to.
func (s Store) Open(_ context.Context, h *cluster.Host) (Client, error) {
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{"http://" + h.Node() + ":" + clientPort}, DialTimeout: 2 * time.Second, Logger: zap.NewNop(),
	})
	if err != nil {
		return Client{}, fmt.Errorf("open a client of %s: %w", h.Node(), err)
	}
	return Client{c, s.Bugs}, nil
}

// Workload is [workloads.RegisterOver]: puts, linearizable gets, and swaps by transactions. It begins when etcd answers.
func (s Store) Workload(keys int) workloads.Workload {
	w := workloads.RegisterOver(s.Open, keys)
	w.Setup = func(ctx context.Context, c workloads.Client) error {
		_, err := c.Invoke(ctx, workloads.RegisterOp{F: "read", Key: "k0"})
		return err
	}
	return w
}

// Get reads a key; one that was never written is 0.
func (c Client) Get(ctx context.Context, key string) (int, error) {
	var how []clientv3.OpOption
	if c.bugs&SerializableReads != 0 {
		how = append(how, clientv3.WithSerializable())
	}
	r, err := c.etcd.Get(ctx, key, how...)
	if err != nil {
		return 0, err
	}
	return value(r)
}

// value returns the value of the one key of an answer.
func value(r *clientv3.GetResponse) (int, error) {
	if len(r.Kvs) == 0 {
		return 0, nil
	}
	return strconv.Atoi(string(r.Kvs[0].Value))
}

// Put writes a key.
func (c Client) Put(ctx context.Context, key string, value int) error {
	_, err := c.etcd.Put(ctx, key, strconv.Itoa(value))
	return c.outcome(err)
}

// CAS writes a key if its value is old, and returns the value that it found.
func (c Client) CAS(ctx context.Context, key string, old, to int) (found int, err error) {
	if c.bugs&GetThenPut != 0 {
		if found, err = c.Get(ctx, key); err == nil && found == old {
			err = c.Put(ctx, key, to)
		}
		return found, err
	}
	same := clientv3.Compare(clientv3.Value(key), "=", strconv.Itoa(old))
	if old == 0 {
		same = clientv3.Compare(clientv3.Version(key), "=", 0)
	}
	r, err := c.etcd.Txn(ctx).If(same).Then(clientv3.OpPut(key, strconv.Itoa(to))).Else(clientv3.OpGet(key)).Commit()
	if err != nil {
		return 0, c.outcome(err)
	}
	if r.Succeeded {
		return old, nil
	}
	return value((*clientv3.GetResponse)(r.Responses[0].GetResponseRange()))
}

// outcome returns the error of a call that may have changed something: it is indeterminate, whatever etcd says.
func (c Client) outcome(err error) error {
	if c.bugs&TimeoutIsFailure != 0 && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return err
}

// Close closes the connection.
func (c Client) Close() error { return c.etcd.Close() }
