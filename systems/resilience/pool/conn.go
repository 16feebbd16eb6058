package pool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// A Conn is a connection to a database. One request at a time may use it.
type Conn struct {
	c     net.Conn
	lines *bufio.Scanner
	err   error // that ended it: an answer that no call waited for may be on its way
	born  time.Duration
	h     *cluster.Host

	// KeepCancelled keeps a connection in use whose query was cancelled. The answer of that query is then the next one that is
	// read: a bug that drivers had.
	KeepCancelled bool
}

// Dial connects to the database at a host or name.
func Dial(ctx context.Context, h *cluster.Host, database string) (*Conn, error) {
	c, err := h.DialContext(ctx, "tcp", database+Port)
	if err != nil {
		return nil, fmt.Errorf("pool: connect to %s: %w", database, err)
	}
	return &Conn{c: c, lines: bufio.NewScanner(c), h: h, born: h.Clock().Monotonic()}, nil
}

// Query asks, and waits for the answer until ctx is done. A query that is cancelled has not been answered, so the
// connection can't be used again: see [Conn.Usable].
func (c *Conn) Query(ctx context.Context, q Query) (Row, error) {
	line, err := c.ask(ctx, q.line())
	if err != nil {
		return Row{}, err
	}
	return parseRow(line)
}

// Ping asks whether the database is there. It is as [Conn.Query] is.
func (c *Conn) Ping(ctx context.Context) error {
	_, err := c.ask(ctx, linePing)
	return err
}

// Usable reports whether the connection can be used for another query.
func (c *Conn) Usable() bool { return c.err == nil }

// Age is how long ago the connection was made.
func (c *Conn) Age() time.Duration { return c.h.Clock().Monotonic() - c.born }

// Close closes the connection.
func (c *Conn) Close() error { return c.c.Close() }

// ask sends a line and reads one, unless ctx ends before.
func (c *Conn) ask(ctx context.Context, line string) (string, error) {
	if err := errors.Join(ctx.Err(), c.err); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.c.SetReadDeadline(time.Unix(1, 0)) }) // it is closed already, or the read ends
	defer func() {
		if !stop() && c.err == nil && !c.KeepCancelled {
			c.err = ctx.Err()
		}
	}()
	_, err := fmt.Fprintln(c.c, line)
	if err == nil && !c.lines.Scan() {
		err = c.lines.Err()
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	if err == nil {
		return c.lines.Text(), nil
	}
	if ctx.Err() == nil || !c.KeepCancelled {
		c.err = err
	} else if e := c.c.SetReadDeadline(time.Time{}); e == nil {
		c.lines = bufio.NewScanner(c.c)
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return "", fmt.Errorf("pool: %s: %w", line, err)
}
