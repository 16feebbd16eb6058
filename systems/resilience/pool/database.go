package pool

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Port is where a database listens.
const Port = ":5432"

// A Database is a node that answers queries, each after the time that the query takes. The zero value answers any number
// of them at a time.
type Database struct {
	// ReadOnly is asked for each query; if it returns true the query is refused. Optional.
	ReadOnly func() bool
	// Accept is how long it takes to set a connection up: the fork of a process, TLS, the check of a password. One connection
	// is set up at a time. Default: no time.
	Accept time.Duration
}

// Serve serves queries on a host until ctx is done, which closes all connections. It returns an error if it can't listen.
func (d Database) Serve(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", Port)
	if err != nil {
		return fmt.Errorf("pool: database on %s: %w", h.Name(), err)
	}
	s := &server{h: h, d: d, conns: map[net.Conn]bool{}}
	defer context.AfterFunc(ctx, func() {
		_ = l.Close()
		s.closeAll()
	})()
	for {
		c, err := l.Accept()
		if err != nil {
			return fmt.Errorf("pool: database on %s: %w", h.Name(), err)
		}
		if d.Accept > 0 {
			_ = h.Sleep(d.Accept)
		}
		go s.serve(c)
	}
}

// A server is a database in one life of its host.
type server struct {
	h *cluster.Host
	d Database

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// add keeps a connection, and reports whether the server is up.
func (s *server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns[c] = true
	}
	return !s.closed
}

func (s *server) remove(c net.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	_ = c.Close() // the peer may be gone
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns { // order: the host has crashed, and its connections with it
		_ = c.Close()
	}
}

// serve answers what comes over one connection, in its order.
func (s *server) serve(c net.Conn) {
	defer s.remove(c)
	if !s.add(c) {
		return
	}
	s.h.Begin(model.RequestOp{F: "admit", At: s.h.Name(), By: hostOf(c)}).End(nil, nil)
	for lines := bufio.NewScanner(c); lines.Scan(); {
		answer, err := s.answer(lines.Text())
		if err == nil {
			_, err = fmt.Fprintln(c, answer)
		}
		if err != nil {
			return
		}
	}
}

// hostOf returns the address of the host at the other end.
func hostOf(c net.Conn) string {
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	return host
}

// answer returns the answer to one line, when its time has passed. The error ends the connection.
func (s *server) answer(line string) (string, error) {
	if !strings.HasPrefix(line, "query ") {
		return lineDone, nil
	}
	q, err := parseQuery(line)
	if err != nil {
		return "", err
	}
	if s.d.ReadOnly != nil && s.d.ReadOnly() {
		return "refused it is a read-only replica", nil
	}
	if err := s.h.Sleep(s.h.Slowed(q.Takes)); err != nil {
		return "", err
	}
	return Row{q.For, s.h.Name()}.line(), nil
}
