package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// Redis says how a program is asked by the protocol of Redis (RESP 2): GET and SET, and a compare-and-swap by a script or by WATCH.
//
// An error that a server answers to a write leaves it open whether it happened, unless it begins with one of Failed.
type Redis struct {
	Addr   string   // of the node, a template of [Node]; default {{.Name}}:6379
	CAS    string   // "script", "watch", or empty if the program can't
	Failed []string // first words of errors that say for certain that nothing was written; default READONLY, LOADING, CLUSTERDOWN, MASTERDOWN, MOVED, ASK, NOAUTH
	Auth   string   // password, or "user password"; default none

	Ready string // as [HTTP.Ready]; default: the clients don't wait
	Keys  int    // how many there are, k0, k1, …; default 5
}

// swapScript answers what it found, and swaps if that is ARGV[1].
const swapScript = `local v = redis.call('GET', KEYS[1]) if v == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end return v`

// Register returns the workload of reads, writes and, if there is a CAS, compare-and-swaps, each key linearizable. See [workloads.Register].
func (x Redis) Register() (workloads.Workload, error) {
	var none workloads.Workload
	if x.CAS != "" && x.CAS != "script" && x.CAS != "watch" {
		return none, fmt.Errorf("cas %q is neither script nor watch", x.CAS)
	}
	if x.Addr == "" {
		x.Addr = "{{.Name}}:6379"
	}
	if x.Failed == nil {
		x.Failed = []string{"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "MOVED", "ASK", "NOAUTH"}
	}
	ready, err := parseReady(x.Ready)
	if err != nil {
		return none, err
	}
	addr, err := parse("address", x.Addr, example())
	if err != nil {
		return none, err
	}
	return register(func(h *cluster.Host) (store, error) { return x.open(h, addr) }, x.CAS != "", x.Keys, ready), nil
}

func (x Redis) open(h *cluster.Host, addr *template.Template) (store, error) {
	n, err := nodeOf(h, "")
	if err != nil {
		return nil, err
	}
	to, err := expand(addr, n)
	return &redisClient{Redis: x, host: h, addr: to}, err
}

// A redisClient has one connection, which it makes when it needs one. A connection whose answer did not come is closed, since the
// next answer on it would be that of the call before.
type redisClient struct {
	Redis
	host *cluster.Host
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// Get reads a key.
func (c *redisClient) Get(ctx context.Context, key string) (int, error) {
	v, err := c.do(ctx, "GET", key)
	if err != nil {
		return 0, err
	}
	return integer(v)
}

// Put writes a key.
func (c *redisClient) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, "SET", key, strconv.Itoa(value))
	return c.settle(err)
}

// CAS compares and swaps.
func (c *redisClient) CAS(ctx context.Context, key string, old, value int) (int, error) {
	if old == model.Nil {
		return 0, fmt.Errorf("%w: there is no value to compare with", workloads.ErrFail)
	}
	if c.Redis.CAS == "watch" {
		return c.watch(ctx, key, old, value)
	}
	v, err := c.do(ctx, "EVAL", swapScript, "1", key, strconv.Itoa(old), strconv.Itoa(value))
	if err != nil {
		return 0, c.settle(err)
	}
	return integer(v)
}

// watch swaps in a transaction, which the server gives up if the key has changed since WATCH.
func (c *redisClient) watch(ctx context.Context, key string, old, value int) (found int, err error) {
	sure := func(err error) error { return fmt.Errorf("%w: %w", workloads.ErrFail, err) }
	if _, err := c.do(ctx, "WATCH", key); err != nil {
		return 0, sure(err)
	}
	v, err := c.do(ctx, "GET", key)
	if err == nil {
		found, err = integer(v)
	}
	if err != nil {
		c.drop() // it still watches
		return 0, sure(err)
	}
	if found != old {
		if _, err := c.do(ctx, "UNWATCH"); err != nil {
			c.drop()
		}
		return found, nil
	}
	for _, command := range [][]string{{"MULTI"}, {"SET", key, strconv.Itoa(value)}} {
		if _, err := c.do(ctx, command...); err != nil {
			c.drop()
			return 0, sure(err)
		}
	}
	v, err = c.do(ctx, "EXEC")
	switch {
	case err != nil:
		return 0, c.settle(err)
	case v == nil:
		return 0, sure(errors.New("the key has changed meanwhile"))
	}
	return old, nil
}

// integer reads a value.
func integer(v any) (int, error) {
	if v == nil {
		return model.Nil, nil
	}
	n, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil {
		return 0, fmt.Errorf("the answer %q is no integer", fmt.Sprint(v))
	}
	return n, nil
}

// A replyError is an error that the server answered.
type replyError string

func (e replyError) Error() string { return "the server answered " + string(e) }

// settle returns the error of a write: one that did not happen if the server says so.
func (c *redisClient) settle(err error) error {
	var reply replyError
	if !errors.As(err, &reply) {
		return err
	}
	if first, _, _ := strings.Cut(string(reply), " "); slices.Contains(c.Failed, first) {
		return fmt.Errorf("%w: %w", workloads.ErrFail, err)
	}
	return err
}

// do sends a command and reads the answer.
func (c *redisClient) do(ctx context.Context, command ...string) (any, error) {
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return nil, notSent{err}
		}
	}
	return c.ask(ctx, command)
}

func (c *redisClient) connect(ctx context.Context) (err error) {
	if c.conn, err = c.host.DialContext(ctx, "tcp", c.addr); err != nil {
		c.conn = nil
		return err
	}
	c.in = bufio.NewReader(c.conn)
	if c.Auth != "" {
		if _, err := c.ask(ctx, append([]string{"AUTH"}, strings.Fields(c.Auth)...)); err != nil {
			c.drop()
			return err
		}
	}
	return nil
}

// ask makes a call on the connection, until the ctx ends.
func (c *redisClient) ask(ctx context.Context, command []string) (any, error) {
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // what waits now ends
	defer stop()
	if _, err := io.WriteString(conn, encodeCommand(command)); err != nil {
		c.drop()
		return nil, err
	}
	v, err := readReply(c.in)
	var reply replyError
	if err != nil && !errors.As(err, &reply) {
		c.drop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	return v, err
}

func (c *redisClient) drop() {
	if c.conn != nil {
		_ = c.conn.Close() // nothing is expected of it any more
		c.conn = nil
	}
}

// Close closes the connection.
func (c *redisClient) Close() error {
	c.drop()
	return nil
}

// encodeCommand writes a command as an array of strings.
func encodeCommand(command []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(command))
	for _, s := range command {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(s), s)
	}
	return b.String()
}

// longest is what a string or an array of an answer may have: an answer of this workload is a number.
const longest = 1 << 20

// readReply reads an answer: nil, a string, an int64 or a slice of these. An error that the server answers is a replyError.
func readReply(in *bufio.Reader) (any, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok || line == "" {
		return nil, fmt.Errorf("the answer %q is not of the protocol of Redis", line)
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+':
		return rest, nil
	case '-':
		return nil, replyError(rest)
	case ':', '$', '*':
	default:
		return nil, fmt.Errorf("the answer %q is not of the protocol of Redis", line)
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case err != nil || kind != ':' && (n < -1 || n > longest):
		return nil, fmt.Errorf("the answer %q is not of the protocol of Redis", line)
	case kind == ':':
		return n, nil
	case n == -1:
		return nil, nil
	case kind == '$':
		b := make([]byte, n+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		return string(b[:n]), nil
	}
	return readArray(in, int(n))
}

// readArray reads the elements of an array. One that is an error is the error of all.
func readArray(in *bufio.Reader, n int) (any, error) {
	var all []any
	var failed error
	for range n {
		v, err := readReply(in)
		var reply replyError
		if errors.As(err, &reply) {
			failed = err
		} else if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	if failed != nil {
		return nil, failed
	}
	if all == nil {
		all = []any{} // and not the array that is missing
	}
	return all, nil
}
