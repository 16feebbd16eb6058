package cluster_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// Corrupt makes a letter one that can arrive damaged.
func (l letter) Corrupt(r *rand.Rand) any {
	l.damage = 1 + r.IntN(9)
	return l
}

// Size makes a letter as long as a packet.
func (l letter) Size() int { return 1000 }

func TestImpairments(t *testing.T) {
	for name, x := range map[string]struct {
		cluster.Impairment
		effect string
		check  func(t *testing.T, j journey)
	}{
		"cut": {cluster.Impairment{Cut: true}, "messages cut", func(t *testing.T, j journey) {
			assert.Zero(t, j.distinct)
		}},
		"flap": {cluster.Impairment{Cut: true, Flap: 100 * time.Millisecond}, "messages cut", func(t *testing.T, j journey) {
			assert.InDelta(t, j.sent/2, j.distinct, float64(j.sent)/10)
		}},
		"constant": {cluster.Impairment{Delay: 100 * time.Millisecond}, "messages delayed", func(t *testing.T, j journey) {
			assert.Equal(t, j.sent, j.late)
			assert.Less(t, j.slowest, 125*time.Millisecond)
		}},
		"uniform": {cluster.Impairment{Delay: 100 * time.Millisecond, Jitter: cluster.Uniform}, "messages delayed", func(t *testing.T, j journey) {
			assert.InDelta(t, 220*time.Millisecond, j.slowest, float64(30*time.Millisecond))
			assert.Less(t, j.late, j.sent)
		}},
		"exponential": {cluster.Impairment{Delay: 20 * time.Millisecond, Jitter: cluster.Exponential}, "messages delayed", func(t *testing.T, j journey) {
			assert.InDelta(t, j.sent*3/10, j.late, float64(j.sent)/10) // e^-1.2 of them
			assert.Greater(t, j.slowest, 80*time.Millisecond)
		}},
		"long tail": {cluster.Impairment{Delay: 10 * time.Millisecond, Jitter: cluster.LongTail}, "messages delayed", func(t *testing.T, j journey) {
			assert.Less(t, j.late, j.sent/3)
			assert.Greater(t, j.slowest, 100*time.Millisecond)
		}},
		"lose": {cluster.Impairment{Lose: 0.3}, "messages lost", func(t *testing.T, j journey) {
			assert.InDelta(t, j.sent*7/10, j.distinct, float64(j.sent)/10)
		}},
		"double": {cluster.Impairment{Double: 0.3}, "messages duplicated", func(t *testing.T, j journey) {
			assert.Equal(t, j.sent, j.distinct)
			assert.InDelta(t, j.sent*3/10, j.twice, float64(j.sent)/10)
		}},
		"reorder": {cluster.Impairment{Reorder: 0.3}, "messages reordered", func(t *testing.T, j journey) {
			assert.Equal(t, j.sent, j.distinct)
			assert.Greater(t, j.overtaken, j.sent/10)
		}},
		"damage, caught": {cluster.Impairment{Damage: 0.3}, "messages corrupted", func(t *testing.T, j journey) {
			assert.Zero(t, j.damaged)
			assert.InDelta(t, j.sent*7/10, j.distinct, float64(j.sent)/10)
		}},
		"damage, delivered": {cluster.Impairment{Damage: 0.3, Deliver: true}, "messages corrupted", func(t *testing.T, j journey) {
			assert.Equal(t, j.sent, j.distinct)
			assert.InDelta(t, j.sent*3/10, j.damaged, float64(j.sent)/10)
		}},
		"bandwidth": {cluster.Impairment{Bandwidth: 500_000}, "messages delayed", func(t *testing.T, j journey) {
			// Two milliseconds each for what comes every one: the queue grows
			// until the link is late by a quarter of a second.
			assert.InDelta(t, j.sent*int(time.Millisecond), j.slowest, float64(30*time.Millisecond))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run := func() uint64 {
				return withFixture(t, func(t *testing.T, r *fixture) {
					heal := r.As("it").Impair("n1", "n2", x.Impairment)
					x.check(t, r.send(500))
					affected := r.effect("it", x.effect)
					assert.Positive(t, affected)
					heal()
					heal()
					r.healthy()
					assert.Equal(t, affected, r.effect("it", x.effect))
				})
			}
			assert.Equal(t, run(), run(), "the same happened twice")
		})
	}
}

// What one fault draws must not depend on whether there is another.
func TestImpairmentsDrawForThemselves(t *testing.T) {
	lost := func(others bool) (numbers []int) {
		withFixture(t, func(t *testing.T, r *fixture) {
			if others {
				r.As("other").Impair("n1", "n2", cluster.Impairment{Double: 0.5, Reorder: 0.5})
				r.As("third").Impair("n1", "n2", cluster.Impairment{Delay: time.Millisecond, Jitter: cluster.Exponential})
			}
			r.As("it").Impair("n1", "n2", cluster.Impairment{Lose: 0.3})
			seen := map[int]bool{}
			for i := range 200 {
				r.host("n1").Send("n2", letter{number: i})
				r.pass(time.Millisecond)
			}
			r.pass(time.Second)
			for _, a := range r.took() {
				seen[a.body.(letter).number] = true
			}
			for i := range 200 {
				if !seen[i] {
					numbers = append(numbers, i)
				}
			}
		})
		return numbers
	}
	require.NotEmpty(t, lost(false))
	assert.Equal(t, lost(false), lost(true))
}

// Streams keep their promises whatever datagrams suffer.
func TestImpairedConnections(t *testing.T) {
	onCluster(t, web, func(t *testing.T, c *cluster.Cluster, client *cluster.Host) {
		post, stop := browser(client)
		defer stop()
		var heals []func()
		for _, way := range [][2]string{{"c0", "n1"}, {"n1", "c0"}} {
			heals = append(heals, c.As("it").Impair(way[0], way[1], cluster.Impairment{Double: 1, Reorder: 0.3, Damage: 0.1, Deliver: true}))
		}
		for range 20 {
			got, err := post("http://n1", "hello")
			if err == nil {
				assert.Equal(t, "n1: hello", got)
			}
		}
		effects := map[string]int64{}
		for _, e := range c.Effects() {
			effects[e.What] = e.Count
		}
		assert.Zero(t, effects["messages duplicated"])
		assert.Positive(t, effects["messages corrupted"])
		for _, heal := range heals {
			heal()
		}
		got, err := post("http://n1", "healed")
		require.NoError(t, err)
		assert.Equal(t, "n1: healed", got)
	})
}

func TestImpairedDatagrams(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		p, err := r.host("n2").ListenPacket("udp", ":9")
		require.NoError(t, err)
		conn, err := r.host("n1").DialContext(t.Context(), "udp", "n2:9")
		require.NoError(t, err)
		read := func() (got []string) {
			for range 50 {
				_, err := conn.Write([]byte("hello"))
				require.NoError(t, err)
				r.pass(time.Millisecond)
			}
			r.pass(time.Second)
			require.NoError(t, p.SetReadDeadline(time.Now().Add(time.Millisecond)))
			b := make([]byte, 10)
			for {
				n, _, err := p.ReadFrom(b)
				if err != nil {
					return got
				}
				got = append(got, string(b[:n]))
			}
		}
		heal := r.As("it").Impair("n1", "n2", cluster.Impairment{Double: 0.5, Damage: 0.5, Deliver: true})
		got := read()
		assert.Greater(t, len(got), 60)
		assert.Contains(t, got, "hello")
		damaged := 0
		for _, s := range got {
			require.Len(t, s, 5)
			if s != "hello" {
				damaged++
			}
		}
		assert.Greater(t, damaged, 10)
		heal()
		assert.Equal(t, 50, len(read()))
	})
}
