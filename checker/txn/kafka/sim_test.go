package kafka

import (
	"math/rand/v2"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// An entry is a message of a simulated log.
type entry struct {
	offset int64
	value  int
	state  entryState
}

type entryState uint8

const (
	pending entryState = iota
	committed
	aborted
)

// A simLog is a log, by offset.
type simLog struct {
	entries []*entry
	next    int64
}

// A client is a process of the simulation.
type client struct {
	process int
	at      map[string]int64 // the next offset to poll of each log that it is assigned
	req     Request
	reply   Reply
	did     int // operations of req so far
	mine    []*entry
	was     map[string]int64 // at, when the transaction began
	busy    bool
}

// A sim is a system of logs with transactions, and the history of clients that use it. It makes the mistake that bug names at random.
type sim struct {
	r       *rand.Rand
	bug     string
	logs    map[string]*simLog
	clients []*client
	process int
	value   int
	open    [][]*entry // of indeterminate transactions that are not decided
	h       *history.History
}

var simKeys = []string{"x", "y"}

// simulate returns a history of n calls or a few more.
func simulate(r *rand.Rand, bug string, n int) *history.History {
	s := &sim{r: r, bug: bug, logs: map[string]*simLog{}, h: history.Of()}
	for _, k := range simKeys {
		s.logs[k] = &simLog{}
	}
	for range 3 {
		s.clients = append(s.clients, &client{})
		s.renew(s.clients[len(s.clients)-1])
	}
	for begun := 0; begun < n || slices.ContainsFunc(s.clients, func(c *client) bool { return c.busy }); {
		c := s.clients[r.IntN(len(s.clients))]
		switch {
		case !c.busy && begun < n:
			s.begin(c)
			begun++
		case c.busy && c.did < len(c.req.Ops):
			s.do(c, c.req.Ops[c.did])
		case c.busy:
			s.end(c)
		}
		if len(s.open) > 0 && r.IntN(4) == 0 {
			s.decide()
		}
	}
	for len(s.open) > 0 {
		s.decide()
	}
	if bug != "unseen" {
		s.pollAll()
	}
	return s.h
}

// chance reports whether the bug of that name acts this time.
func (s *sim) chance(bug string) bool { return s.bug == bug && s.r.IntN(3) == 0 }

// renew makes a client a new process, which polls all logs from their start.
func (s *sim) renew(c *client) {
	*c = client{process: s.process, at: map[string]int64{}}
	s.process++
	s.assign(c, Assign, simKeys...)
}

func (s *sim) assign(c *client, f string, keys ...string) {
	at := map[string]int64{}
	for _, k := range keys {
		at[k] = c.at[k]
	}
	c.at = at
	s.h.Add(history.Op{Process: c.process, Type: history.Invoke, Input: Request{F: f, Keys: keys}})
	s.h.Add(history.Op{Process: c.process, Type: history.OK})
}

func (s *sim) begin(c *client) {
	if s.r.IntN(12) == 0 {
		s.assign(c, Assign, simKeys[:1+s.r.IntN(2)]...)
		return
	}
	c.req, c.reply, c.did, c.mine, c.busy = Request{F: "txn"}, Reply{}, 0, nil, true
	for range 1 + s.r.IntN(3) {
		o := LogOp{F: Poll}
		if s.r.IntN(2) == 0 {
			s.value++
			o = LogOp{F: Send, Key: simKeys[s.r.IntN(2)], Value: s.value}
		}
		c.req.Ops = append(c.req.Ops, o)
	}
	c.was = map[string]int64{}
	for k, at := range c.at {
		c.was[k] = at
	}
	s.h.Add(history.Op{Process: c.process, Type: history.Invoke, Input: c.req})
}

// do carries out the next operation of a client.
func (s *sim) do(c *client, o LogOp) {
	c.did++
	if o.F == Poll {
		o.Polled = map[string][]Message{}
		for _, k := range simKeys {
			if at, ok := c.at[k]; ok {
				if got := s.poll(c, k, at); len(got) > 0 {
					o.Polled[k] = got
				}
			}
		}
	} else {
		o.Known, o.Offset = true, s.send(c, o.Key, o.Value)
	}
	c.reply.Ops = append(c.reply.Ops, o)
}

// send appends a message, after a gap at times, as the records that mark the ends of transactions make them.
func (s *sim) send(c *client, key string, value int) int64 {
	l := s.logs[key]
	if s.r.IntN(4) == 0 {
		l.next++
	}
	e := &entry{offset: l.next, value: value}
	l.next++
	if last := len(l.entries) - 1; last >= 0 {
		switch {
		case s.chance("overwrite"):
			l.entries[last].state = aborted
			e.offset = l.entries[last].offset
		case s.chance("swap-own") && len(c.mine) > 0 && slices.Contains(l.entries, c.mine[len(c.mine)-1]):
			mine := c.mine[len(c.mine)-1]
			for i := range c.reply.Ops {
				if o := &c.reply.Ops[i]; o.F == Send && o.Value == mine.value {
					o.Offset = e.offset
				}
			}
			mine.offset, e.offset = e.offset, mine.offset
			slices.SortFunc(l.entries, func(a, b *entry) int { return int(a.offset - b.offset) })
		case s.chance("backfill") && l.entries[0].offset > 0:
			e.offset = l.entries[0].offset - 1
		}
	} else if s.bug == "backfill" {
		e.offset, l.next = 100, 101
	}
	l.insert(e)
	c.mine = append(c.mine, e)
	if s.chance("twice") {
		again := &entry{offset: l.next, value: value}
		l.next++
		l.insert(again)
		c.mine = append(c.mine, again)
	}
	return e.offset
}

func (l *simLog) insert(e *entry) {
	l.entries = append(l.entries, e)
	slices.SortStableFunc(l.entries, func(a, b *entry) int { return int(a.offset - b.offset) })
}

// poll returns the next messages of a log: what is committed before the first message that is not decided.
func (s *sim) poll(c *client, key string, at int64) (got []Message) {
	most := 1 + s.r.IntN(3)
	if s.chance("rewind") && at > 0 {
		at = s.r.Int64N(at)
	}
	for _, e := range s.logs[key].entries {
		visible := e.state == committed || e.state == aborted && s.chance("aborted-read") || e.state == pending && s.chance("dirty-read")
		switch {
		case e.offset < at || e.state == aborted && !visible:
			continue
		case !visible && s.bug != "dirty-read", len(got) == most:
			return got
		case !visible || s.chance("skip"):
			continue
		}
		got = append(got, Message{e.offset, e.value})
		c.at[key] = e.offset + 1
	}
	if s.chance("invent") {
		s.value++
		got = append(got, Message{s.logs[key].next + 50, s.value})
	}
	return got
}

// end completes the transaction of a client.
func (s *sim) end(c *client) {
	c.busy = false
	op := history.Op{Process: c.process, Type: history.OK, Output: c.reply}
	switch s.r.IntN(8) {
	case 0:
		op.Type, op.Err = history.Fail, "aborted"
	case 1:
		op.Type, op.Err = history.Info, "timeout"
		s.open = append(s.open, c.mine)
		if s.r.IntN(2) == 0 {
			op.Output = nil
		}
		s.h.Add(op)
		s.renew(c)
		return
	}
	s.settle(c.mine, op.Type == history.OK)
	if op.Type == history.Fail && s.bug != "no-rollback" {
		c.at = c.was
	}
	if op.Type == history.OK && len(c.mine) > 0 && s.chance("lose") {
		c.mine[s.r.IntN(len(c.mine))].state = aborted
	}
	s.h.Add(op)
}

// decide ends an indeterminate transaction.
func (s *sim) decide() {
	i := s.r.IntN(len(s.open))
	s.settle(s.open[i], s.r.IntN(2) == 0)
	s.open = slices.Delete(s.open, i, i+1)
}

func (s *sim) settle(all []*entry, commit bool) {
	for _, e := range all {
		if e.state = aborted; commit {
			e.state = committed
		}
	}
}

// pollAll ends the history with polls of all logs by a new process.
func (s *sim) pollAll() {
	c := &client{}
	s.renew(c)
	bug := s.bug
	s.bug = ""
	for more := true; more; {
		o := LogOp{F: Poll, Polled: map[string][]Message{}}
		more = false
		for _, k := range simKeys {
			if got := s.poll(c, k, c.at[k]); len(got) > 0 {
				o.Polled[k], more = got, true
			}
		}
		s.h.Add(history.Op{Process: c.process, Type: history.Invoke, Input: Request{F: Poll, Ops: []LogOp{{F: Poll}}}})
		s.h.Add(history.Op{Process: c.process, Type: history.OK, Output: Reply{Ops: []LogOp{o}}})
	}
	s.bug = bug
}

func seeded(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 77)) }
