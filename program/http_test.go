package program

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
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
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/nemesis"
)

// A web is a store by HTTP on n1, that answers in JSON. It refuses some writes, before or after it has done them.
type web struct {
	mu     sync.Mutex
	values map[string]int
	lies   bool // it answers a refusal to what it has done
}

func (s *web) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(l)
}

func (s *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.URL.Path
	switch {
	case r.Header.Get("Token") != "secret":
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodGet:
		if v, ok := s.values[key]; ok {
			fmt.Fprintf(w, `{"node": {"value": %d}}`, v)
		} else {
			w.WriteHeader(http.StatusNotFound)
		}
	default:
		b, _ := io.ReadAll(r.Body)
		v, err := strconv.Atoi(string(b))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if v%5 == 0 {
			w.WriteHeader(http.StatusConflict)
			if !s.lies {
				return
			}
		}
		if v%11 == 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
		s.values[key] = v
	}
}

// TestHTTP maps statuses: 409 did not happen, 500 may have, 404 is a key without a value. A server that answers 409 to what it has
// done is found.
func TestHTTP(t *testing.T) {
	w, err := HTTP{
		Get: "http://{{.Name}}/{{.Key}}", Put: "POST http://{{.IP}}/{{.Key}}", Field: "node.value", Header: []string{"Token: secret"}, Keys: 2,
	}.Register()
	require.NoError(t, err)
	for _, lies := range []bool{false, true} {
		r, err := capsize.Exec(t.Context(), t, capsize.Test{
			System: &web{values: map[string]int{}, lies: lies}, Workload: w, Nemesis: nemesis.None, Nodes: 1, Clients: 3, Duration: 3 * time.Second, Settle: time.Second, Seed: 1,
		})
		require.NoError(t, err)
		want := checker.Valid
		if lies {
			want = checker.Invalid
		}
		assert.Equal(t, want, r.Verdict, r.Reason)
		assert.Positive(t, r.Exercised.Fail)
		assert.Positive(t, r.Exercised.Info)
		if !lies {
			assert.Equal(t, 1, len(seen(r.History, history.Info, "status 500")), "errors of indeterminate writes")
		}
	}
}

// seen returns the errors of ops of a type that name a text, each once.
func seen(h *history.History, of history.Type, text string) map[string]bool {
	all := map[string]bool{}
	for op := range h.Ops() {
		if op.Type == of && strings.Contains(op.Err, text) {
			all[op.Err] = true
		}
	}
	return all
}

// TestNotSent knows that a request to a port without a listener did not happen.
func TestNotSent(t *testing.T) {
	w, err := HTTP{Get: "http://{{.Name}}:81/", Put: "http://{{.Name}}:81/"}.Register()
	require.NoError(t, err)
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: &web{}, Workload: w, Nemesis: nemesis.None, Nodes: 1, Duration: time.Second, Settle: time.Second, Seed: 1,
	})
	require.NoError(t, err)
	assert.NotEqual(t, checker.Valid, r.Verdict, "nothing has succeeded")
	assert.Positive(t, r.Exercised.Fail)
	assert.Zero(t, r.Exercised.Info)
	assert.True(t, notSent{net.ErrClosed}.DidNotHappen())
}
