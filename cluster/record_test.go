package cluster_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/cluster/trace"
)

var whole = trace.Window{To: time.Hour}

// events returns the events of a trace in words, without those of a kind that is not asked for.
func events(tr *trace.Trace, kinds ...trace.Kind) (all []string) {
	for _, e := range tr.Events {
		for _, k := range kinds {
			if e.Kind != k {
				continue
			}
			s := fmt.Sprintf("%s %s %s", e.Host, e.Kind, e.Text)
			if e.Peer != "" {
				s = fmt.Sprintf("%s→%s %s %s", e.Host, e.Peer, e.Kind, e.Text)
			}
			if e.Term != 0 {
				s += fmt.Sprintf(" (term %d)", e.Term)
			}
			if e.Fault != "" {
				s += " by " + e.Fault
			}
			if e.Ends {
				s += " ends"
			}
			all = append(all, strings.Join(strings.Fields(s), " "))
		}
	}
	return all
}

// fates returns the messages of a trace whose text is one of some, in words.
func fates(tr *trace.Trace, texts ...string) (all []string) {
	for _, m := range tr.Messages {
		for _, text := range texts {
			if m.Text == text {
				all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s %s→%s %s %s", m.Text, m.From, m.To, m.Lost, m.Fault)), " "))
			}
		}
	}
	return all
}

// TestRecordEvents brings about each kind of event.
func TestRecordEvents(t *testing.T) {
	_, tr := withRecorder(t, whole, func(t *testing.T, r *fixture) {
		r.on("n1", func(h *cluster.Host) {
			h.SetTerm(4)
			h.SetRole("follower")
			h.SetTerm(5)
			h.SetRole("leader")
		})
		r.on("n1", func(h *cluster.Host) { h.SetTerm(6) })
		r.on("n1", func(h *cluster.Host) {
			h.Count("snapshot")
			h.Sometimes(false, "never")
			h.Log().Info("elected", "term", 6)
			assert.NoError(t, h.Sync())
		})
		c := r.As("storm")
		c.Pause("n2")()
		c.ImpairDisk("n2", cluster.DiskImpairment{Full: true, SlowSync: time.Second})()
		c.ImpairClock("n2", cluster.ClockError{Skew: time.Second})()
		c.SlowHost("n2", time.Millisecond)()
		c.Degrade("n2", cluster.StuckLock)()
		c.Impair("n2", "n3", cluster.Impairment{Delay: time.Second, Lose: 0.5})()
		c.Crash("n3")
		r.pass(time.Second)
		r.Restart("n3")
		r.pass(time.Second)
		heal := c.ImpairDisk("n1", cluster.DiskImpairment{Full: true})
		r.on("n1", func(h *cluster.Host) {
			f, err := h.Disk().Open("f")
			assert.NoError(t, err)
			_, err = f.Write([]byte("x"))
			assert.ErrorIs(t, err, cluster.ErrDisk)
		})
		heal()
	})
	require.Equal(t, []string{
		"n1 role leader (term 5)", "n1 role leader (term 6)", // what is set at one instant is one event
		"n1 mark snapshot (term 6)", "n1 sync (term 6)", "n1 log INFO elected term=6",
		"n2 pause by storm", "n2 resume",
		"n2 disk full, slow sync 1s by storm", "n2 disk full, slow sync 1s by storm ends",
		"n2 clock skew 1s by storm", "n2 clock skew 1s by storm ends",
		"n2 service each event takes 1ms more by storm", "n2 service each event takes 1ms more by storm ends",
		"n2 service stuck-lock by storm", "n2 service stuck-lock by storm ends",
		"n2→n3 link delay 1s, lose 0.5 by storm", "n2→n3 link delay 1s, lose 0.5 by storm ends",
		"n3 crash lost 0 bytes by storm", "n3 restart",
		"n1 disk full by storm", "n1 disk no space by storm", "n1 disk full by storm ends",
	}, events(tr, trace.Role, trace.Mark, trace.Log, trace.Sync, trace.Pause, trace.Resume, trace.Disk, trace.Clock, trace.Service, trace.Link, trace.Crash, trace.Restart))
}

// TestRecordFates loses messages in each way.
func TestRecordFates(t *testing.T) {
	_, tr := withRecorder(t, trace.Window{To: time.Minute}, func(t *testing.T, r *fixture) {
		r.host("n1").Send("n2", "arrives")
		r.pass(time.Second)
		c := r.As("cable")
		heal := c.Cut("n1", "n2")
		r.host("n1").Send("n2", "cut")
		heal()
		r.host("n1").Send("n2", "on its way")
		heal = c.Cut("n1", "n2")
		r.pass(time.Second)
		heal()
		heal = r.As("rain").Lose("n1", "n2", 1)
		r.host("n1").Send("n2", "lossy")
		heal()
		heal = r.As("copier").Impair("n1", "n2", cluster.Impairment{Double: 1})
		r.host("n1").Send("n2", "twice")
		heal()
		heal = r.As("jam").Slow("n1", "n2", time.Second)
		r.host("n1").Send("n2", "late")
		heal()
		r.pass(2 * time.Second)
		r.As("outage").Crash("n2")
		r.pass(time.Millisecond)
		r.host("n1").Send("n2", "down")
		r.pass(time.Second)
		r.Restart("n2")
		r.pass(time.Second)
		r.As("jam").Slow("n1", "n2", time.Hour)
		r.host("n1").Send("n2", "pending")
		r.pass(2 * time.Minute)
		r.host("n1").Send("n2", "after the window")
		r.pass(time.Second)
	})
	require.Equal(t, []string{
		"arrives n1→n2", "cut n1→n2 cut cable", "on its way n1→n2 cut cable", "lossy n1→n2 chance rain", "twice n1→n2", "twice n1→n2 copier",
		"late n1→n2 jam", "down n1→n2 down outage", "pending n1→n2 pending jam",
	}, fates(tr, "arrives", "cut", "on its way", "lossy", "twice", "late", "down", "pending", "after the window"))
}

// TestRecordCause follows causes through handlers, timers and goroutines that wait for an answer, and not through a timer
// that sets itself again.
func TestRecordCause(t *testing.T) {
	_, tr := withRecorder(t, whole, func(t *testing.T, r *fixture) {
		r.host("n1").Send("n2", func(h *cluster.Host) {
			h.Send("n3", "at once")
			h.AfterFunc(time.Second, func() { h.Send("n3", "by a timer") })
			var clock *cluster.Timer
			ticks := 0
			clock = h.AfterFunc(time.Second, func() {
				if ticks++; ticks < 4 {
					clock.Reset(time.Second)
				}
				h.Send("n3", fmt.Sprint("tick ", ticks))
			})
		})
		r.pass(10 * time.Second)
		_, err := r.Client(0).Call(t.Context(), "n1", "question")
		require.NoError(t, err)
		r.Client(0).Send("n1", "as it was answered")
		require.NoError(t, r.Client(0).Sleep(time.Second))
		r.Client(0).Send("n1", "later")
		r.pass(time.Second)
	})
	byID := map[uint64]trace.Message{}
	causes := map[string]string{}
	for _, m := range tr.Messages {
		byID[m.ID] = m
		what := m.Text
		if m.Reply {
			what = "answer"
		}
		if cause, ok := byID[m.Cause]; ok {
			causes[what] = fmt.Sprint(cause.From, "→", cause.To)
		} else {
			require.Zero(t, m.Cause)
			causes[what] = "none"
		}
	}
	require.Equal(t, map[string]string{
		"": "none", "at once": "n1→n2", "by a timer": "n1→n2", "tick 1": "n1→n2", "tick 2": "none", "tick 3": "none", "tick 4": "none",
		"question": "none", "answer": "c0→n1", "as it was answered": "n1→c0", "later": "none",
	}, causes)
}

// TestRecordWindow records what holds when the window begins, and nothing outside of it.
func TestRecordWindow(t *testing.T) {
	w := trace.Window{From: 10 * time.Second, To: 20 * time.Second}
	_, tr := withRecorder(t, w, func(t *testing.T, r *fixture) {
		r.on("n1", func(h *cluster.Host) { h.SetRole("follower"); h.Count("early") })
		r.on("n1", func(h *cluster.Host) { h.SetTerm(7); h.SetRole("leader") })
		r.on("n2", func(h *cluster.Host) { h.SetRole("follower") })
		c := r.As("cable")
		c.Cut("n1", "n2")
		c.Cut("n1", "n3")()
		c.Crash("n2")
		c.Pause("n3")
		r.host("n1").Send("n3", "early")
		r.pass(12 * time.Second)
		r.host("n1").Send("n2", "in time")
		r.pass(12 * time.Second)
		r.host("n1").Send("n2", "late")
		r.on("n1", func(h *cluster.Host) { h.SetRole("follower") })
	})
	standing := events(&trace.Trace{Events: tr.Standing}, trace.Role, trace.Crash, trace.Pause, trace.Link)
	require.Equal(t, []string{"n1 role leader (term 7)", "n1→n2 link cut by cable", "n3 pause by cable", "n2 crash lost 0 bytes by cable"}, standing)
	require.Empty(t, tr.Events)
	require.Equal(t, []string{"early n1→n3 pending", "in time n1→n2 cut cable"}, fates(tr, "early", "in time", "late"))
	require.Equal(t, w, trace.Window{From: tr.From, To: tr.To})
}

// TestRecordMost keeps the first and the last messages of a window that has more.
func TestRecordMost(t *testing.T) {
	_, tr := withRecorder(t, trace.Window{To: time.Hour, Most: 10}, func(_ *testing.T, r *fixture) {
		for i := range 100 {
			r.host("n1").Send("n2", fmt.Sprint(i))
			r.pass(time.Second)
		}
	})
	var kept []string
	for _, m := range tr.Messages {
		kept = append(kept, m.Text)
	}
	require.Equal(t, strings.Fields("0 1 2 3 4 95 96 97 98 99"), kept)
	require.Equal(t, 90, tr.Dropped)
}

// TestRecordConnection shows the segments of a connection, with its protocol.
func TestRecordConnection(t *testing.T) {
	_, tr := withRecorder(t, whole, func(t *testing.T, r *fixture) {
		l, err := r.host("n1").Listen("tcp", ":80")
		require.NoError(t, err)
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(c, make([]byte, len("GET /k3 HTTP/1.1\r\n\r\n")))
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
			_ = c.Close()
		}()
		c, err := r.Client(0).DialContext(context.Background(), "tcp", "n1:80")
		require.NoError(t, err)
		_, err = io.WriteString(c, "GET /k3 HTTP/1.1\r\n\r\n")
		require.NoError(t, err)
		_, err = io.ReadAll(c)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, l.Close())
		r.pass(time.Second)
	})
	var got []string
	for _, m := range tr.Messages {
		got = append(got, fmt.Sprintf("%s→%s %s %s %q %d", m.From, m.To, m.Protocol, m.Name, m.Text, m.Bytes))
	}
	require.Equal(t, []string{
		`c0→n1  connect "connect" 40`, `n1→c0  accept "accept" 40`, `c0→n1  handshake "handshake" 40`,
		`c0→n1 http request "GET /k3" 60`, `n1→c0 http response "204 No Content" 67`, `n1→c0 http close "close" 40`, `c0→n1 http close "close" 40`,
	}, got)
	response := tr.Messages[4]
	require.Equal(t, tr.Messages[3].ID, response.Cause, "a goroutine that a segment woke answered it")
}

// TestRecordSameHash does the same with and without a recorder.
func TestRecordSameHash(t *testing.T) {
	run := func(_ *testing.T, r *fixture) {
		heal := r.As("rain").Impair("n1", "n2", cluster.Impairment{Lose: 0.3, Double: 0.3, Damage: 0.3, Reorder: 0.3})
		for i := range 300 {
			r.host("n1").Send("n2", []byte{byte(i)})
			r.pass(time.Millisecond)
		}
		heal()
		r.on("n1", func(h *cluster.Host) { h.SetTerm(2); h.SetRole("leader") })
		r.Crash("n2")
		r.pass(time.Second)
		r.Restart("n2")
		r.pass(time.Second)
	}
	off := withFixture(t, run)
	on, tr := withRecorder(t, whole, run)
	require.Equal(t, off, on)
	require.Greater(t, len(tr.Messages), 300)
	off, tr = withRecorder(t, trace.Window{}, run)
	require.Equal(t, on, off)
	require.Nil(t, tr)
}
