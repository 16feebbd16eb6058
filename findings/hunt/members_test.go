package hunt

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize/explore"
	"github.com/hashicorp/memberlist"
)

// A watcher follows the members that one node reports. Each name must join before it leaves, and leave before it joins again.
type watcher struct {
	t    *testing.T
	mu   sync.Mutex
	meta map[string]string // of the members that are there
}

func (w *watcher) NotifyJoin(n *memberlist.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.meta[n.Name]; ok {
		w.t.Errorf("%s joined twice", n.Name)
	}
	w.meta[n.Name] = string(n.Meta)
}

func (w *watcher) NotifyLeave(n *memberlist.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.meta[n.Name]; !ok {
		w.t.Errorf("%s left and was not there", n.Name)
	}
	delete(w.meta, n.Name)
}

func (w *watcher) NotifyUpdate(n *memberlist.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.meta[n.Name]; !ok {
		w.t.Errorf("%s changed and was not there", n.Name)
	}
	w.meta[n.Name] = string(n.Meta)
}

// seen returns the names and what they said of themselves last, in order.
func (w *watcher) seen() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, meta := range w.meta {
		all = append(all, name+" "+meta)
	}
	slices.Sort(all)
	return all
}

// A described is what a node says of itself.
type described struct {
	mu   sync.Mutex
	text string
}

func (d *described) set(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text = text
}

func (d *described) NodeMeta(int) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []byte(d.text)
}

func (*described) NotifyMsg([]byte)                {}
func (*described) GetBroadcasts(int, int) [][]byte { return nil }
func (*described) LocalState(bool) []byte          { return nil }
func (*described) MergeRemoteState([]byte, bool)   {}

// A datagrams is the mock's transport with a queue, as a network has one: the mock's sender waits for the receiver, so two nodes
// that answer each other at one time would wait for ever.
type datagrams struct {
	*memberlist.MockTransport
	queue chan datagram
	loses func() bool // whether the next one is lost
}

type datagram struct {
	data []byte
	to   memberlist.Address
}

func newDatagrams(network *memberlist.MockNetwork, name string, loses func() bool, done <-chan struct{}) *datagrams {
	d := &datagrams{MockTransport: network.NewTransport(name), queue: make(chan datagram, 1024), loses: loses}
	go func() {
		for {
			select {
			case x := <-d.queue:
				_, _ = d.MockTransport.WriteToAddress(x.data, x.to)
			case <-done:
				return
			}
		}
	}()
	return d
}

func (d *datagrams) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	if !d.loses() {
		select {
		case d.queue <- datagram{slices.Clone(b), a}:
		default: // it is lost
		}
	}
	return time.Now(), nil
}

// A member is one node.
type member struct {
	list  *memberlist.Memberlist
	wires *datagrams
	says  *described
	sees  *watcher
}

// drain takes what is sent to a node that is gone: the mock's senders wait for a receiver.
func (m member) drain(done <-chan struct{}) {
	for {
		select {
		case <-m.wires.PacketCh():
		case c := <-m.wires.StreamCh():
			_ = c.Close()
		case <-done:
			return
		}
	}
}

// stop ends a node.
func (m member) stop(t *testing.T, done <-chan struct{}) {
	t.Helper()
	if err := m.list.Shutdown(); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	go m.drain(done)
}

func newMember(t *testing.T, network *memberlist.MockNetwork, i int, loses func() bool, done <-chan struct{}) member {
	t.Helper()
	m := member{says: &described{text: "0"}, sees: &watcher{t: t, meta: map[string]string{}}}
	c := memberlist.DefaultLANConfig()
	c.Name = fmt.Sprintf("n%d", i)
	m.wires = newDatagrams(network, c.Name, loses, done)
	c.Transport = m.wires
	c.Logger = log.New(io.Discard, "", 0)
	c.Delegate, c.Events = m.says, m.sees
	c.EnableCompression = false
	list, err := memberlist.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	m.list = list
	return m
}

// knownUpdate passes over what ../README.md says of UpdateNode, so that the hunt goes on behind it.
const knownUpdate = true

func TestMemberlist(t *testing.T) {
	explore.Run(t, func(t *testing.T) {
		var network memberlist.MockNetwork
		var all []member
		done := make(chan struct{})
		began, lossy := time.Now(), rand.IntN(2) == 0
		loses := func() bool { return lossy && time.Since(began) < 10*time.Second && rand.IntN(5) == 0 }
		for i := range 4 {
			all = append(all, newMember(t, &network, i, loses, done))
		}
		first := all[0].list.LocalNode().FullAddress()
		leaves := rand.IntN(2) == 0
		each(8, func(i int) {
			m := all[i%4]
			if i < 4 {
				if i > 0 {
					if _, err := m.list.Join([]string{first.Name + "/" + first.Addr}); err != nil {
						t.Errorf("n%d: join: %v", i, err)
					}
				}
				return
			}
			for range 2 {
				time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
				m.says.set(fmt.Sprint(rand.IntN(100)))
				if err := m.list.UpdateNode(5 * time.Second); err != nil && !knownUpdate {
					t.Errorf("n%d: update: %v", i%4, err)
				}
				_ = m.list.Members()
				_ = m.list.NumMembers()
			}
		})
		alive := all
		if leaves {
			alive = all[:3]
			if err := all[3].list.Leave(5 * time.Second); err != nil {
				t.Errorf("leave: %v", err)
			}
			all[3].stop(t, done) // a node that left and goes on answers probes: who has not heard that it left keeps it
		}
		time.Sleep(2 * time.Minute)
		var want []string
		for i, m := range alive {
			want = append(want, fmt.Sprintf("n%d %s", i, m.says.NodeMeta(0)))
		}
		for i, m := range alive {
			var listed []string
			for _, n := range m.list.Members() {
				listed = append(listed, n.Name+" "+string(n.Meta))
			}
			slices.Sort(listed)
			if !slices.Equal(listed, want) {
				t.Errorf("n%d lists %q, want %q", i, listed, want)
			}
			if got := m.sees.seen(); !slices.Equal(got, want) {
				t.Errorf("n%d reported %q, want %q", i, got, want)
			}
		}
		for _, m := range alive {
			m.stop(t, done)
		}
		time.Sleep(time.Minute)
		close(done)
	})
}
