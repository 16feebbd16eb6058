package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
)

// onCluster runs a test on three nodes that run system, and one client.
func onCluster(t *testing.T, system cluster.Func, test func(t *testing.T, c *cluster.Cluster, client *cluster.Host)) (trace uint64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: system, Nodes: 3, Clients: 1, Seed: 7, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(3 * time.Minute)
		c.Sleep(t.Context(), time.Millisecond)
		test(t, c, c.Client(0))
		trace = c.Trace()
		require.Empty(t, c.Findings())
	})
	return trace
}

// web is a system that echoes over HTTP.
func web(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			fmt.Fprintf(w, "%s: %s", h.Name(), body)
		}
	})}
	go func() { _ = s.Serve(l) }()
	<-ctx.Done()
	return s.Close()
}

// browser returns an HTTP client on a host that gives up after a second.
func browser(h *cluster.Host) (get func(url, body string) (string, error), stop func()) {
	transport := &http.Transport{DialContext: h.DialContext}
	client := &http.Client{Transport: transport}
	return func(url, body string) (string, error) {
		ctx, cancel := h.WithTimeout(context.Background(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(body)))
		if err != nil {
			return "", err
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}, transport.CloseIdleConnections
}

func TestHTTP(t *testing.T) {
	onCluster(t, web, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		post, stop := browser(client)
		defer stop()
		for i, n := range c.Nodes() {
			body := fmt.Sprint(bytes.Repeat([]byte{'x'}, i*100000))
			got, err := post("http://"+n, body)
			require.NoError(t, err)
			assert.True(t, got == n+": "+body)
		}
		_, err := post("http://n1:81", "")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestHTTPOverAPartition(t *testing.T) {
	onCluster(t, web, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		post, stop := browser(client)
		defer stop()
		_, err := post("http://n1", "before")
		require.NoError(t, err)
		heal := c.Partition([]string{"n1"}, []string{"c0"})
		_, err = post("http://n1", "cut off")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		got, err := post("http://n2", "elsewhere")
		require.NoError(t, err)
		assert.Equal(t, "n2: elsewhere", got)
		heal()
		got, err = post("http://n1", "after")
		require.NoError(t, err)
		assert.Equal(t, "n1: after", got)
	})
}

func TestHTTPOverACrash(t *testing.T) {
	onCluster(t, web, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		post, stop := browser(client)
		defer stop()
		_, err := post("http://n1", "before")
		require.NoError(t, err)
		c.Crash("n1")
		c.Sleep(t.Context(), time.Second)
		_, err = post("http://n1", "down")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		c.Restart("n1")
		c.Sleep(t.Context(), time.Second)
		got, err := post("http://n1", "after")
		require.NoError(t, err)
		assert.Equal(t, "n1: after", got)
	})
}

// A connection whose peer crashes is reset as soon as the reset gets there.
func TestCrashResetsConnections(t *testing.T) {
	idle := func(ctx context.Context, h *cluster.Host) error {
		l, err := h.Listen("tcp", ":80")
		if err != nil {
			return err
		}
		if _, err := l.Accept(); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	onCluster(t, idle, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		conn, err := client.DialContext(t.Context(), "tcp", "n1:80")
		require.NoError(t, err)
		c.Sleep(t.Context(), time.Second)
		start := c.Now()
		c.Crash("n1")
		_, err = conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		assert.Less(t, c.Now()-start, 20*time.Millisecond)
	})
}

// What survives the crash of its host can do nothing for the host's next life.
func TestHostOfAnEarlierLife(t *testing.T) {
	var mu sync.Mutex
	var hosts []*cluster.Host
	onCluster(t, func(ctx context.Context, h *cluster.Host) error {
		mu.Lock()
		if h.Name() == "n1" {
			hosts = append(hosts, h)
		}
		mu.Unlock()
		<-ctx.Done()
		return nil
	}, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		_, err := client.Listen("tcp", ":80")
		require.NoError(t, err)
		c.Crash("n1")
		c.Sleep(t.Context(), time.Second)
		mu.Lock()
		old := hosts[0]
		mu.Unlock()
		for range 2 { // while the host is down, and when it is up again
			_, err := old.DialContext(t.Context(), "tcp", "c0:80")
			require.ErrorIs(t, err, net.ErrClosed)
			_, err = old.Listen("tcp", ":80")
			require.ErrorIs(t, err, net.ErrClosed)
			_, err = old.ListenPacket("udp", ":80")
			require.ErrorIs(t, err, net.ErrClosed)
			c.Restart("n1")
			c.Sleep(t.Context(), time.Second)
		}
		mu.Lock()
		defer mu.Unlock()
		_, err = hosts[1].DialContext(t.Context(), "tcp", "c0:80")
		require.NoError(t, err)
	})
}

// Counter is what [TestRPC] calls.
type Counter struct {
	mu  sync.Mutex
	sum int
}

// Add adds n and replies with the sum.
func (c *Counter) Add(n int, sum *int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum += n
	*sum = c.sum
	return nil
}

// counting is a system that serves a Counter over net/rpc.
func counting(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":1234")
	if err != nil {
		return err
	}
	s := rpc.NewServer()
	if err := s.Register(new(Counter)); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			<-ctx.Done()
			return nil
		}
		go s.ServeConn(c)
	}
}

func TestRPC(t *testing.T) {
	onCluster(t, counting, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		conn, err := client.DialContext(t.Context(), "tcp", "10.0.0.1:1234")
		require.NoError(t, err)
		r := rpc.NewClient(conn)
		defer r.Close()
		var sum int
		for i := range 10 {
			require.NoError(t, r.Call("Counter.Add", i, &sum))
		}
		assert.Equal(t, 45, sum)

		// A call that is on its way when the network is cut is late, not lost.
		heal := c.Partition([]string{"n1"}, []string{"c0"})
		start := c.Now()
		call := r.Go("Counter.Add", 55, &sum, nil)
		c.Sleep(t.Context(), 10*time.Second)
		select {
		case <-call.Done:
			t.Fatal("answered over a partition")
		default:
		}
		heal()
		require.NoError(t, (<-call.Done).Error)
		assert.Equal(t, 100, sum)
		assert.Less(t, c.Now()-start, 13*time.Second, "retries are 6.4 s apart by then")

		c.Crash("n1")
		require.Error(t, r.Call("Counter.Add", 1, &sum))
	})
}

func TestDatagrams(t *testing.T) {
	echo := func(ctx context.Context, h *cluster.Host) error {
		p, err := h.ListenPacket("udp", ":53")
		if err != nil {
			return err
		}
		buf := make([]byte, 100)
		for {
			n, from, err := p.ReadFrom(buf)
			if err != nil {
				<-ctx.Done()
				return nil
			}
			if _, err := p.WriteTo(buf[:n], from); err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
		}
	}
	onCluster(t, echo, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		heal := c.Lose("c0", "n1", 0.5)
		conn, err := client.DialContext(t.Context(), "udp", "n1:53")
		require.NoError(t, err)
		answers := func() (n int) {
			for range 100 {
				_, err := conn.Write([]byte("ping"))
				require.NoError(t, err)
				require.NoError(t, conn.SetReadDeadline(client.Clock().Now().Add(100*time.Millisecond)))
				if _, err := conn.Read(make([]byte, 100)); err == nil {
					n++
				}
			}
			return n
		}
		some := answers()
		assert.Greater(t, some, 30)
		assert.Less(t, some, 70)
		heal()
		assert.Equal(t, 100, answers())
	})
}

// TestNetworkReplays runs HTTP over faults twenty times: all runs are alike.
func TestNetworkReplays(t *testing.T) {
	traces := map[uint64]int{}
	for range tier.InRace(1, 20) {
		traces[onCluster(t, web, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
			post, stop := browser(client)
			defer stop()
			for i := range 60 {
				switch i {
				case 10:
					defer c.Lose("c0", "n1", 0.2)()
				case 20:
					defer c.Partition([]string{"c0"}, []string{"n2"})()
				case 30:
					c.Crash("n3")
				case 40:
					c.Restart("n3")
				}
				_, _ = post(fmt.Sprintf("http://n%d", i%3+1), fmt.Sprint(i))
				c.Sleep(t.Context(), 10*time.Millisecond)
			}
		})]++
	}
	assert.Len(t, traces, 1, "%v", traces)
}

// TestRoundTripCost measures 1 KiB over a connection of a cluster, and back.
func TestRoundTripCost(t *testing.T) {
	trips := tier.InRace(100, 10000)
	start := time.Now()
	var events uint64
	onCluster(t, func(ctx context.Context, h *cluster.Host) error {
		l, err := h.Listen("tcp", ":7")
		if err != nil {
			return err
		}
		c, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(c, c)
		}
		<-ctx.Done()
		return nil
	}, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		conn, err := client.DialContext(t.Context(), "tcp", "n1:7")
		require.NoError(t, err)
		buf := make([]byte, 1024)
		before := c.Stats().Events
		for range trips {
			_, err := conn.Write(buf)
			require.NoError(t, err)
			_, err = io.ReadFull(conn, buf)
			require.NoError(t, err)
		}
		events = c.Stats().Events - before
		require.NoError(t, conn.Close())
	})
	t.Logf("%v and %.2f events a round trip of 1 KiB", time.Since(start)/time.Duration(trips), float64(events)/float64(trips))
}
