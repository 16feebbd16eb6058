package simnet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
)

// serve runs an HTTP server on n2 that echoes, and returns a client on n1.
func serve(t *testing.T, n *Net) (client *http.Client, stop func()) {
	t.Helper()
	l, err := n.Listen("n2", "tcp", ":80")
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			_, _ = w.Write(body)
		}
	})}
	go func() { _ = srv.Serve(l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return n.Dial(ctx, "n1", network, addr)
	}}
	return &http.Client{Transport: transport}, func() {
		transport.CloseIdleConnections()
		_ = srv.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
	}
}

func TestHTTP(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		client, stop := serve(t, n)
		defer stop()
		big := strings.Repeat("0123456789abcdef", 1<<16)
		for i, body := range []string{"", "small", big} {
			took := elapsed(func() {
				resp, err := client.Post("http://n2/", "text/plain", strings.NewReader(body))
				require.NoError(t, err)
				defer resp.Body.Close()
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assert.True(t, body == string(got))
			})
			if i == 1 {
				assert.Equal(t, 2*latency, took, "the connection is used again")
			}
		}
	})
}

func TestHTTPTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
		client, stop := serve(t, n)
		defer stop()
		client.Timeout = time.Second
		w.cut("n2>n1")
		_, err := client.Get("http://n2/")
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
		w.heal("n2>n1")
		resp, err := client.Get("http://n2/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	})
}

// Two runs carry the same segments at the same instants.
func TestRunsAreAlike(t *testing.T) {
	tier.SkipRepeats(t) // the others lose, delay and cut as well
	run := func() (trace string) {
		bubble(t, func(t *testing.T, w *fakeWire, n *Net) {
			client, stop := serve(t, n)
			w.late = func(k int) time.Duration { return time.Duration(k*7919%13) * time.Millisecond }
			w.lose = func(way string, k int) bool { return (k+len(way))%17 == 16 }
			for i := range 30 {
				if i == 20 {
					w.cut("n1>n2")
					time.AfterFunc(3*time.Second, func() { w.heal("n1>n2") })
				}
				body := bytes.Repeat([]byte{byte(i)}, 1+i*5000)
				resp, err := client.Post("http://n2/", "text/plain", bytes.NewReader(body))
				require.NoError(t, err)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.True(t, bytes.Equal(body, got), "request %d", i)
			}
			stop()
			trace = fmt.Sprint(w.ran(), "\n", w.trace.String())
		})
		return trace
	}
	first := run()
	for range 5 {
		require.True(t, first == run())
	}
}
