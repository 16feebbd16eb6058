package cluster_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// A directory is a system of which each node says its name to who connects, and that has
// the name db.internal for its first node.
type directory struct{}

func (directory) Names() map[string]cluster.Name {
	return map[string]cluster.Name{"db.internal": {Hosts: []string{"n1"}, TTL: 2 * time.Second}}
}

func (directory) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, h.Name())
			_ = c.Close()
		}
	}()
	<-ctx.Done()
	return nil
}

// inDirectory runs a test on three nodes with a client.
func inDirectory(t *testing.T, test func(t *testing.T, c *cluster.Cluster, h *cluster.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: directory{}, Nodes: 3, Clients: 1, Seed: 3, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), time.Millisecond)
		test(t, c, c.Client(0))
	})
}

// greeting dials an address and returns which node answers.
func greeting(h *cluster.Host, addr string) (string, error) {
	ctx, cancel := h.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := h.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	b, err := io.ReadAll(conn)
	return string(b), err
}

// After a fail-over, a client that resolved the name once at its start calls the dead
// primary. One that dials by name reaches the new one when the TTL is over.
func TestNamesFailOver(t *testing.T) {
	inDirectory(t, func(t *testing.T, c *cluster.Cluster, h *cluster.Host) {
		ips, err := h.LookupHost(t.Context(), "db.internal")
		require.NoError(t, err)
		require.Equal(t, []string{"10.0.0.1"}, ips)
		once := net.JoinHostPort(ips[0], "80")
		who, err := greeting(h, once)
		require.NoError(t, err)
		assert.Equal(t, "n1", who)

		c.Crash("n1")
		require.NoError(t, c.SetName("db.internal", "n2"))
		_, err = greeting(h, "db.internal:80")
		require.Error(t, err, "the old answer is kept for 2 s")
		c.Sleep(t.Context(), 2*time.Second)
		who, err = greeting(h, "db.internal:80")
		require.NoError(t, err)
		assert.Equal(t, "n2", who)
		for range 10 {
			c.Sleep(t.Context(), time.Minute)
			_, err = greeting(h, once)
			require.Error(t, err, "the address that was looked up once is that of the old host")
		}
	})
}

func TestNameTroubles(t *testing.T) {
	inDirectory(t, func(t *testing.T, c *cluster.Cluster, h *cluster.Host) {
		effects := func() map[string]int64 {
			m := map[string]int64{}
			for _, e := range c.Effects() {
				m[e.What] += e.Count
			}
			return m
		}
		ask := func() (string, error) {
			c.Sleep(t.Context(), 3*time.Second)
			return greeting(h, "db.internal:80")
		}
		heal := c.As("dns").ImpairNames("c0", cluster.StaleNames)
		who, err := ask()
		require.NoError(t, err)
		assert.Equal(t, "n1", who)
		assert.Zero(t, effects()["name lookups answered wrongly"], "the records are as they were")
		require.NoError(t, c.SetName("db.internal", "n3"))
		who, err = ask()
		require.NoError(t, err)
		assert.Equal(t, "n1", who)
		assert.EqualValues(t, 1, effects()["name lookups answered wrongly"])
		heal()
		who, err = ask()
		require.NoError(t, err)
		assert.Equal(t, "n3", who)

		heal = c.As("dns").ImpairNames("c0", cluster.WrongNames)
		who, err = ask()
		require.NoError(t, err)
		assert.Contains(t, []string{"n1", "n2"}, who)
		heal()

		var dns *net.DNSError
		heal = c.As("dns").ImpairNames("c0", cluster.MissingNames)
		_, err = ask()
		require.ErrorAs(t, err, &dns)
		assert.True(t, dns.IsNotFound)
		heal()
		heal = c.As("dns").ImpairNames("c0", cluster.FailingNames)
		_, err = ask()
		require.ErrorAs(t, err, &dns)
		assert.True(t, dns.IsTemporary && !dns.IsNotFound)
		heal()
		heal = c.As("dns").ImpairNames("c0", cluster.SlowNames)
		_, err = ask()
		require.ErrorAs(t, err, &dns)
		assert.True(t, dns.Timeout(), "the client waits for a second")
		assert.EqualValues(t, 1, effects()["name lookups delayed"])
		heal()
		who, err = ask()
		require.NoError(t, err)
		assert.Equal(t, "n3", who)
		assert.EqualValues(t, 4, effects()["name lookups answered wrongly"])
	})
}

func TestNameMistakes(t *testing.T) {
	inDirectory(t, func(t *testing.T, c *cluster.Cluster, h *cluster.Host) {
		require.ErrorContains(t, c.SetName("x", "n9"), `no host "n9"`)
		require.ErrorContains(t, h.SetName("n1", "n2"), "name of a host")
		_, err := greeting(h, "nobody.internal:80")
		var dns *net.DNSError
		require.True(t, errors.As(err, &dns) && dns.IsNotFound, err)
		require.NoError(t, h.SetName("db.internal"))
		_, err = greeting(h, "db.internal:80")
		require.ErrorAs(t, err, &dns)
		who, err := greeting(h, "n2:80")
		require.NoError(t, err)
		assert.Equal(t, "n2", who)
	})
}
