package program

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
)

// TestReplies reads answers of the protocol.
func TestReplies(t *testing.T) {
	for text, want := range map[string]any{
		"+OK\r\n":                        "OK",
		":-7\r\n":                        int64(-7),
		"$-1\r\n":                        nil,
		"*-1\r\n":                        nil,
		"$0\r\n\r\n":                     "",
		"$4\r\na\r\nb\r\n":               "a\r\nb",
		"*0\r\n":                         []any{},
		"*3\r\n$1\r\n5\r\n:6\r\n*-1\r\n": []any{"5", int64(6), nil},
	} {
		got, err := readReply(bufio.NewReader(strings.NewReader(text)))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, want, got, "%q", text)
	}
	for text, want := range map[string]string{
		"-READONLY no\r\n":          "the server answered READONLY no",
		"*2\r\n-ERR one\r\n+OK\r\n": "the server answered ERR one",
		"$5\r\nab\r\n":              "unexpected EOF",
		"":                          "EOF",
		"+OK\n":                     "not of the protocol",
		"HTTP/1.1 400\r\n":          "not of the protocol",
		"$x\r\n":                    "not of the protocol",
		"$99999999999\r\n":          "not of the protocol",
		"*-2\r\n":                   "not of the protocol",
	} {
		_, err := readReply(bufio.NewReader(strings.NewReader(text)))
		require.ErrorContains(t, err, want, "%q", text)
	}
	assert.Equal(t, "*2\r\n$3\r\nGET\r\n$2\r\nk0\r\n", encodeCommand([]string{"GET", "k0"}))
}

// A server answers the protocol of Redis from one map: that of node n1, which all nodes ask.
type server struct {
	mu     sync.Mutex
	values map[string]string
	stale  map[string]string // what is answered to a GET, if it is not nil
}

func (s *server) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":6379")
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.serve(conn)
	}
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	var queued [][]string
	multi := false
	for {
		v, err := readReply(in)
		if err != nil {
			return
		}
		var command []string
		for _, x := range v.([]any) {
			command = append(command, x.(string))
		}
		answer := ""
		switch {
		case command[0] == "MULTI":
			multi, answer = true, "+OK\r\n"
		case command[0] == "EXEC":
			answer = fmt.Sprintf("*%d\r\n", len(queued))
			for _, c := range queued {
				answer += s.do(c)
			}
			queued, multi = nil, false
		case multi:
			queued, answer = append(queued, command), "+QUEUED\r\n"
		default:
			answer = s.do(command)
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func (s *server) do(command []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	get := func(key string) string {
		v, ok := s.values[key]
		if s.stale != nil {
			v, ok = s.stale[key]
		}
		if !ok {
			return "$-1\r\n"
		}
		return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
	}
	switch command[0] {
	case "GET":
		return get(command[1])
	case "SET":
		if n, _ := strconv.Atoi(command[2]); n%7 == 0 {
			return "-READONLY not now\r\n"
		}
		if s.stale != nil && s.stale[command[1]] == "" {
			s.stale[command[1]] = command[2] // the first value, for ever
		}
		s.values[command[1]] = command[2]
		return "+OK\r\n"
	case "EVAL":
		found := get(command[3])
		if s.values[command[3]] == command[4] {
			s.values[command[3]] = command[5]
		}
		return found
	}
	return "+OK\r\n"
}

// TestRedis reads, writes and swaps: a store that is right is valid, one that answers the first value for ever is not.
func TestRedis(t *testing.T) {
	for _, c := range []struct {
		cas   string
		stale map[string]string
		want  checker.Verdict
	}{{"", nil, checker.Valid}, {"script", nil, checker.Valid}, {"script", map[string]string{}, checker.Invalid}} {
		w, err := Redis{CAS: c.cas, Ready: "tcp:{{.Name}}:6379", Keys: 2}.Register()
		require.NoError(t, err)
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: &server{values: map[string]string{}, stale: c.stale}, Workload: w, Nemesis: nemesis.None, Nodes: 1, Clients: 3, Duration: 3 * time.Second, Settle: time.Second, Seed: 1,
		})
		require.NoError(t, err)
		assert.Equal(t, c.want, r.Verdict, "%v: %s", c, r.Reason)
		assert.Empty(t, r.Findings)
		assert.Positive(t, r.Exercised.Fail, "READONLY did not happen")
		assert.Zero(t, r.Exercised.Info)
	}
}
