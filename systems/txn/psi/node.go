package psi

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/mirror"
)

// most is how many commits of each site a message has, and smallest the size under which the journal is not written anew.
const (
	most     = 50
	smallest = 64 << 10
)

// A node is a site. It is driven by messages and timers, all on the event loop of the cluster. Nothing in it blocks.
//
// It has many methods because each message and timer of the protocol is one.
type node struct {
	h     *cluster.Host
	bugs  Bug
	sites []string
	self  int
	life  uint64
	ticks int

	kv      *state
	disk    *mirror.Journal
	least   int       // bytes of the last checkpoint
	aside   []*commit // from a journal that lost some: they wait until other sites have sent those before them
	lost    []int     // the sites that have to say what they have before this one may go on, since its journal lost some
	seen    []vector  // what the other sites have said that they have
	heard   map[uint64]uint64
	pending map[id]*slow // transactions of this site that wait for votes
	order   []id         // of pending
	outbox  []*commit    // of this site: they are sent with the next batch
	lastN   uint64       // of the ids of this life
}

// Messages between sites.
type (
	// A has says what a site has. It is answered by what the site lacks.
	has struct{ vector vector }
	// A batch has commits of one or several sites.
	batch struct{ commits []*commit }
	// An image has all that a site holds, for one that lacks what the others do not keep.
	image struct {
		has   vector
		cells map[string]stored
	}
)

// A record is what the journal has one after the other: a commit, or a vote for a transaction.
type record struct {
	Commit *commit  `json:",omitempty"`
	Vote   *id      `json:",omitempty"`
	Keys   []string `json:",omitempty"` // that the vote locks
}

// Run runs one site until ctx is done.
func (s Store) Run(ctx context.Context, h *cluster.Host) error {
	n := &node{h: h, bugs: s.Bugs, sites: h.Nodes(), life: h.Rand().Uint64(), heard: map[uint64]uint64{}, pending: map[id]*slow{}}
	n.self = slices.Index(n.sites, h.Name())
	n.seen = make([]vector, len(n.sites))
	if err := n.open(); err != nil {
		return fmt.Errorf("boot psi: %w", err)
	}
	h.Handle(n.receive)
	n.everyTick()
	n.propagate()
	<-ctx.Done()
	return nil
}

func (n *node) bug(b Bug) bool { return n.bugs&b != 0 }

// open reads what the disk holds.
func (n *node) open() error {
	disk, checkpoint, records, damaged, err := mirror.Open(n.h, "site")
	if err != nil {
		return err
	}
	n.disk, n.kv, n.least = disk, newState(len(n.sites)), len(checkpoint)
	if checkpoint != nil {
		if n.kv, err = snapshot.Decode(checkpoint, n.kv); err != nil {
			return err
		}
	}
	if damaged {
		n.h.Count("data damaged")
		for i := range n.sites {
			if i != n.self {
				n.lost = append(n.lost, i)
			}
		}
	}
	for _, rec := range records {
		r, err := snapshot.Decode(rec, &record{})
		switch {
		case err != nil:
			return err
		case r.Vote != nil:
			n.lock(*r.Vote, r.Keys)
		case n.kv.applicable(r.Commit):
			n.kv.apply(r.Commit)
		case r.Commit.Seq > n.kv.Has[r.Commit.Site]:
			n.aside = append(n.aside, r.Commit)
		}
	}
	return nil
}

// everyTick does what is due now and then.
func (n *node) everyTick() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(tick, func() {
		timer.Reset(tick)
		n.ticks++
		n.timeOut()
		if n.ticks%gossip == 0 {
			n.toOthers(&has{slices.Clone(n.kv.Has)})
		}
		if n.ticks%ask == 0 {
			n.askForLocks()
		}
		if n.disk.Size() > smallest && n.disk.Size() > 4*n.least {
			n.checkpoint()
		}
	})
}

// propagate sends what this site has committed to the others, in batches.
func (n *node) propagate() {
	var timer *cluster.Timer
	timer = n.h.AfterFunc(every, func() {
		timer.Reset(every)
		if len(n.outbox) > 0 {
			n.toOthers(&batch{n.outbox})
			n.outbox = nil
		}
	})
}

// checkpoint writes the journal anew, without what all sites have.
func (n *node) checkpoint() {
	all := slices.Clone(n.kv.Has)
	for site := range n.sites {
		for i := range all {
			switch {
			case site == n.self:
			case n.seen[site] == nil:
				all[i] = 0
			default:
				all[i] = min(all[i], n.seen[site][i])
			}
		}
	}
	n.kv.forget(all)
	if n.recovers() {
		return // what is aside is the only copy
	}
	data := n.kv.encode()
	n.least = len(data)
	must(n.disk.Checkpoint(data))
}

// receive handles a message of another site or of a client.
func (n *node) receive(m cluster.Message) {
	from := slices.Index(n.sites, m.From)
	switch body := m.Body.(type) {
	case *request:
		n.request(m, body)
	case *has:
		n.has(from, body.vector)
	case *image:
		n.takeImage(body)
	case *batch:
		n.takeIn(body.commits)
	case *prepare:
		n.h.Send(m.From, &vote{body.id, n.vote(body)})
	case *vote:
		n.voted(from, body)
	case *release:
		n.letGo(body.id)
	case *question:
		n.answerQuestion(m.From, body.id)
	case inquiry:
		m.Reply(n.digest())
	}
}

// request begins a transaction of a client.
func (n *node) request(m cluster.Message, req *request) {
	switch {
	case req.life != n.life:
		m.Reply(response{status: other, life: n.life})
		return
	case req.ticket.number <= n.heard[req.ticket.session]:
		return // the network duplicated it
	}
	n.heard[req.ticket.session] = req.ticket.number
	if n.recovers() {
		m.Reply(response{status: aborted})
		return
	}
	n.begin(m, req.ops)
}

// has handles what another site says that it has.
func (n *node) has(from int, v vector) {
	n.seen[from] = v
	commits, gone := n.kv.missing(v, most)
	switch {
	case gone:
		n.h.Send(n.sites[from], &image{slices.Clone(n.kv.Has), maps.Clone(n.kv.Cells)})
	case len(commits) > 0:
		n.h.Send(n.sites[from], &batch{n.asRelayed(commits)})
	}
	if n.recovers() && n.ticks >= settled && len(n.aside) == 0 && n.kv.Has.covers(v) {
		n.lost = slices.DeleteFunc(n.lost, func(i int) bool { return i == from })
		if !n.recovers() {
			n.h.Count("data recovered")
			n.checkpoint()
		}
	}
}

// recovers reports whether the site has not yet got back what its journal lost. That may be votes as well: so it has to have all
// that any other site has committed since what it has voted for must have come to an end.
func (n *node) recovers() bool { return len(n.lost) > 0 }

// takeImage replaces what a site that recovers has by what another one has, if that is more.
func (n *node) takeImage(im *image) {
	if !n.recovers() || !im.has.covers(n.kv.Has) {
		return
	}
	n.kv.Has, n.kv.Cells, n.kv.Log = slices.Clone(im.has), maps.Clone(im.cells), make([][]*commit, len(n.sites))
	n.takeIn(nil)
}

// asRelayed returns commits as this site passes them on.
func (n *node) asRelayed(commits []*commit) []*commit {
	if !n.bug(DropSnapshots) {
		return commits
	}
	all := slices.Clone(commits)
	for i, c := range all {
		if c.Site != n.self {
			bare := *c
			bare.Snapshot = nil
			all[i] = &bare
		}
	}
	return all
}

// takeIn applies the commits that can be applied, in causal order. Others are sent again when it is their turn.
func (n *node) takeIn(commits []*commit) {
	commits = append(slices.Clone(commits), n.aside...)
	var records [][]byte
	for applied := true; applied; {
		applied = false
		for _, c := range commits {
			if n.kv.applicable(c) {
				n.kv.apply(c)
				records = append(records, snapshot.Encode(record{Commit: c}))
				applied = true
			}
		}
	}
	if len(records) > 0 {
		must(n.disk.Append(records...))
	}
	n.aside = slices.DeleteFunc(n.aside, func(c *commit) bool { return c.Seq <= n.kv.Has[c.Site] })
}

// toOthers sends a message to all other sites.
func (n *node) toOthers(body any) {
	for i, name := range n.sites {
		if i != n.self {
			n.h.Send(name, body)
		}
	}
}

// An inquiry asks a site for the digest of its state.
type inquiry struct{}

// Digest returns a digest of what a site has itself.
func (Store) Digest(ctx context.Context, h *cluster.Host, node string) (string, error) {
	return cluster.Ask[string](ctx, h, node, inquiry{})
}

// digest is a digest of the values, with the vector of what the site has.
func (n *node) digest() string {
	return fmt.Sprintf("%08x with %v", crc32.ChecksumIEEE(snapshot.Encode(n.kv.Cells)), n.kv.Has)
}

// must stops a site whose disk fails: it must not continue as if it had written, nor try again. After an fsync that failed, one
// that succeeds proves nothing.
func must(err error) {
	if err != nil && !errors.Is(err, cluster.ErrCrashed) {
		panic(fmt.Errorf("psi: %w", err))
	}
}
