package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

const (
	// replicas is how many servers keep a stream.
	replicas = 3
	// patience is how long a producer waits for an acknowledgement before it publishes the message again.
	patience = 400 * time.Millisecond
	// handshake is how long a client waits for each step of a connection's beginning. The client library holds the lock of the connection
	// meanwhile, so that a publish waits for as long, whatever its context says: with a second it came back more than two seconds late.
	handshake = 250 * time.Millisecond
	// most is how many messages a poll returns of a log.
	most = 64
)

// create is a request of the setup, which makes the streams.
const create = "create"

// A Client is a producer and a consumer of logs. It implements [workloads.LogClient].
type Client struct {
	bugs    Bug
	conn    *nats.Conn
	js      jetstream.JetStream
	keys    []string // what it polls
	readers map[string]*reader
}

// A reader is where a consumer is in a log.
type reader struct {
	messages jetstream.MessagesContext // nil before the first poll, and after one that failed
	next     uint64                    // the sequence that it goes on at
}

// Open connects a client to the cluster, to its own node if that answers.
func (s JetStream) Open(ctx context.Context, h *cluster.Host) (*Client, error) {
	names := slices.Clone(h.Nodes())
	i := max(slices.Index(names, h.Node()), 0)
	o := nats.GetDefaultOptions()
	for _, name := range append(names[i:], names[:i]...) {
		o.Servers = append(o.Servers, "nats://"+net.JoinHostPort(name, strconv.Itoa(ClientPort)))
	}
	o.NoRandomize, o.Name, o.MaxReconnect, o.Timeout = true, h.Name(), -1, handshake
	o.ReconnectWait, o.PingInterval, o.MaxPingsOut = 250*time.Millisecond, time.Second, 2
	conn, err := o.Connect()
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("JetStream: %w", err)
	}
	return &Client{bugs: s.Bugs, conn: conn, js: js, readers: map[string]*reader{}}, nil
}

// Close closes the connection.
func (c *Client) Close() error {
	c.conn.Close()
	return nil
}

// Do carries out a request of one operation: JetStream has no transactions of several.
func (c *Client) Do(ctx context.Context, in kafka.Request) (kafka.Reply, error) {
	switch {
	case in.F == create:
		return kafka.Reply{}, c.create(ctx, in.Keys)
	case in.F == kafka.Assign:
		c.assign(in.Keys)
		return kafka.Reply{}, nil
	case in.F == kafka.Subscribe:
		return kafka.Reply{}, fmt.Errorf("subscribe: JetStream has no groups that divide logs: %w", workloads.ErrFail)
	case len(in.Ops) != 1:
		return kafka.Reply{}, fmt.Errorf("a transaction of %d operations: JetStream has those of one: %w", len(in.Ops), workloads.ErrFail)
	}
	op := in.Ops[0]
	if op.F == kafka.Poll {
		polled, err := c.poll(ctx)
		if err != nil {
			return kafka.Reply{}, fmt.Errorf("poll: %w: %w", err, workloads.ErrFail)
		}
		op.Polled = polled
		return kafka.Reply{Ops: []kafka.LogOp{op}}, nil
	}
	offset, err := c.publish(ctx, op.Key, op.Value)
	if err != nil {
		return kafka.Reply{}, fmt.Errorf("publish: %w", err)
	}
	op.Known, op.Offset = true, offset
	return kafka.Reply{Ops: []kafka.LogOp{op}}, nil
}

// create makes a stream for each log.
func (c *Client) create(ctx context.Context, logs []string) error {
	for _, name := range logs {
		_, err := c.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{name}, Storage: jetstream.FileStorage, Replicas: replicas,
		})
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return nil
}

// publish appends a message to a log. It tries again until it is acknowledged, or ctx ends. The server knows the message by its id, and
// acknowledges one that it has with the sequence that it gave it.
func (c *Client) publish(ctx context.Context, log string, value int) (offset int64, err error) {
	text := strconv.Itoa(value)
	var options []jetstream.PublishOpt
	if c.bugs&NoMsgID == 0 {
		options = append(options, jetstream.WithMsgID(text))
	}
	certain := true // no attempt has reached a stream
	for {
		ack, err := c.attempt(ctx, log, text, options)
		if err == nil {
			return int64(ack.Sequence) - 1, nil
		}
		certain = certain && errors.Is(err, jetstream.ErrNoStreamResponse)
		if ctx.Err() != nil {
			if certain {
				err = fmt.Errorf("%w: %w", err, workloads.ErrFail)
			}
			return 0, err
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func (c *Client) attempt(ctx context.Context, log, text string, options []jetstream.PublishOpt) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.js.Publish(ctx, log, []byte(text), options...)
}

// assign polls some logs from now on. Of those that it did not poll before it reads all messages.
func (c *Client) assign(logs []string) {
	for name, r := range c.readers { // order: each by itself
		if !slices.Contains(logs, name) {
			r.stop()
			delete(c.readers, name)
		}
	}
	for _, name := range logs {
		if c.readers[name] == nil {
			c.readers[name] = &reader{next: 1}
		}
	}
	c.keys = slices.Clone(logs)
}

// poll reads each log up to its present end, or until it has [most] messages. An error is returned if it read none.
func (c *Client) poll(ctx context.Context) (map[string][]kafka.Message, error) {
	polled := map[string][]kafka.Message{}
	for _, name := range c.keys {
		r := c.readers[name]
		some, err := c.read(ctx, name, r)
		if err != nil {
			r.stop()
		}
		if len(some) > 0 {
			polled[name] = some
		} else if err != nil && len(polled) == 0 {
			return nil, err
		}
	}
	return polled, nil
}

// read reads a log. It asks for the log's end first: else a consumer that gets nothing could not tell the end from a delay.
func (c *Client) read(ctx context.Context, log string, r *reader) (some []kafka.Message, err error) {
	stream, err := c.js.Stream(ctx, log)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil // the servers have lost the stream, and all messages with it: an error would leave open whether they are there
	}
	if err != nil {
		return nil, fmt.Errorf("the end of %s: %w", log, err)
	}
	for last := stream.CachedInfo().State.LastSeq; r.next <= last && len(some) < most; {
		if err := c.start(ctx, log, r); err != nil {
			return some, err
		}
		m, err := r.messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return some, fmt.Errorf("next message of %s: %w", log, err)
		}
		about, err := m.Metadata()
		if err != nil {
			return some, fmt.Errorf("message of %s: %w", log, err)
		}
		value, err := strconv.Atoi(string(m.Data()))
		if err != nil {
			return some, fmt.Errorf("message %d of %s: %w", about.Sequence.Stream, log, err)
		}
		some = append(some, kafka.Message{Offset: int64(about.Sequence.Stream) - 1, Value: value})
		r.next = about.Sequence.Stream + 1
	}
	return some, nil
}

// start has a reader consume, by an ordered consumer: the client library makes a new one whenever it misses a message.
func (c *Client) start(ctx context.Context, log string, r *reader) error {
	if r.messages != nil {
		return nil
	}
	consumer, err := c.js.OrderedConsumer(ctx, log, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.next,
	})
	if err != nil {
		return fmt.Errorf("consumer of %s: %w", log, err)
	}
	if r.messages, err = consumer.Messages(jetstream.PullMaxMessages(most)); err != nil {
		return fmt.Errorf("consume %s: %w", log, err)
	}
	return nil
}

// stop ends the consumer, if there is one.
func (r *reader) stop() {
	if r.messages != nil {
		r.messages.Stop()
		r.messages = nil
	}
}
