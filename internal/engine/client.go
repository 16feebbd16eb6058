package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/workloads"
)

// A client is one of the test's clients: a host that is bound to a node, and the
// processes that live on it one after the other. A process ends when the outcome of
// an operation is indeterminate, as that operation stays pending.
//
// One goroutine is the client, and calls the user's code itself. If that code
// does not come back, the watchdog leaves the goroutine behind and starts another
// in its place, so each acts only as long as it is the current generation.
type client struct {
	e    *engine
	id   int
	host *cluster.Host

	mu           sync.Mutex
	generation   int // counts the goroutines that have been this client
	process      int
	turn         workloads.Turn[any, any]
	conn         workloads.Client
	final        bool
	due          time.Duration    // when the last turn began
	planned      time.Duration    // when the present turn was to begin, since the faults began
	script       workloads.Script // what is left to invoke in this phase, if the test has a script
	running      any              // what user code is doing; nil between calls
	since        time.Duration    // when it began
	pausedBefore time.Duration    // for how long the host had been paused by then
	ctx          context.Context
	overran      bool          // its ctx ended later than it should have by the true time, because the host's clock drifts
	pending      *history.Op   // the operation that is under way
	asked        history.Op    // what pending points to
	done         chan struct{} // closed when the client has stopped
}

func (e *engine) startClients(w *cluster.Cluster) {
	for i := range e.config.Clients {
		c := &client{e: e, id: i, process: i, host: w.Client(i)}
		c.turn.Client, c.turn.Clients = i, e.config.Clients
		c.script = e.config.Script.Of(i, false)
		e.clients = append(e.clients, c)
		c.start(w)
		c.watch()
	}
}

// start has the client live from its host's next instant on.
func (c *client) start(w *cluster.Cluster) {
	c.done = make(chan struct{})
	live := func() { c.live(c.generation) }
	if c.e.config.Workload.Arrivals != nil && !c.final {
		live = c.arrive
	}
	w.At(w.Now(), c.host.Name(), func() { go live() })
}

func (e *engine) awaitClients() {
	for _, c := range e.clients {
		<-c.done
	}
}

// finalReads has every client ask what the workload wants asked in the end.
func (e *engine) finalReads(w *cluster.Cluster) {
	if e.config.Workload.Final == nil && e.config.Script == nil || e.interrupted() {
		return
	}
	for _, c := range e.clients {
		c.final, c.script = true, e.config.Script.Of(c.id, true)
		c.turn = workloads.Turn[any, any]{Client: c.id, Clients: e.config.Clients}
		c.start(w)
	}
	e.awaitClients()
}

// live invokes operations, turn by turn, until the clients are to stop, the workload has
// no more, or another generation has taken its place.
func (c *client) live(generation int) {
	c.e.label(c.host.Name(), goroutines.GenerationLabel, fmt.Sprint(generation))
	for c.pause() {
		in, more := c.next()
		if !more {
			break
		}
		if !c.connect(generation) || !c.invoke(generation, in) {
			return
		}
		c.turn.Index++
	}
	if c.disconnect(generation) {
		close(c.done)
	}
}

// pause waits for the client's turn, and reports whether there is one.
func (c *client) pause() bool {
	if c.e.interrupted() {
		return false
	}
	if c.final {
		return true
	}
	wait := c.untilTurn()
	c.planned = c.now() + wait - c.e.began
	if wait = wait.Truncate(time.Microsecond); wait > 0 {
		_ = c.host.Sleep(wait) // the hosts of clients do not crash
	}
	c.due = max(c.due, c.now())
	return !c.e.stopping.Load()
}

// untilTurn returns how long the client is to wait for its turn, which it draws unless the script says when it is.
func (c *client) untilTurn() time.Duration {
	if len(c.script) > 0 {
		wait := max(0, c.e.began+c.script[0].At-c.now())
		c.due = c.now() + wait
		return wait
	}
	mean := float64(c.e.config.Clients) / c.e.config.Rate * float64(time.Second)
	wait := time.Duration(mean/2 + mean*c.e.draw(drawPace, c.id, c.turn.Index).Float64())
	if wait > 0 { // from one operation's beginning to the next one's
		wait = max(0, c.due+wait-c.now())
		c.due = c.now() + wait
	} else if c.now() == c.due {
		wait = time.Millisecond // what takes no time would be asked for ever
	}
	return wait
}

// draw returns the key of a client's turn.
func (e *engine) draw(what string, client, index int) keyed.Key {
	return keyed.New(e.config.Seed, what).Int(int64(client), int64(index))
}

func (c *client) now() time.Duration { return c.e.cluster.Load().Now() }

// next returns what the client asks now.
func (c *client) next() (in any, more bool) {
	defer func() {
		if p := recover(); p != nil {
			c.e.find(cluster.Finding{
				Kind: cluster.Panicked, Host: c.host.Name(), Stack: string(debug.Stack()),
				What: fmt.Sprintf("panic in Next or Final of workload %s: %v", c.e.config.Workload.Name, p),
			})
			in, more = nil, false
		}
	}()
	if c.e.config.Script != nil {
		return c.nextOfScript()
	}
	c.turn.Rand, c.turn.Now = c.e.draw(drawNext, c.id, c.turn.Index).Rand(), c.now()
	if c.final {
		in, more = c.e.config.Workload.Final(c.turn)
	} else {
		in, more = c.e.config.Workload.Next(c.turn), true
	}
	if more && c.e.config.KeepScript {
		c.keep(in)
	}
	return in, more
}

// nextOfScript returns what the client is to invoke now. One that has nothing left goes on to wait for turns, in which it invokes
// nothing, until all clients are to stop: so a script of all operations of a run makes the very same run.
func (c *client) nextOfScript() (in any, more bool) {
	for len(c.script) == 0 {
		c.turn.Index++
		if c.final || !c.awaitTurn() {
			return nil, false
		}
	}
	in, c.script = c.script[0].Input, c.script[1:]
	if adjust := c.e.config.Workload.Adjust; adjust != nil {
		in = adjust(c.turn, in)
	}
	return in, true
}

// awaitTurn waits for the client's turn, or for the next arrival of an open load, and reports whether there is one.
func (c *client) awaitTurn() bool {
	if c.e.config.Workload.Arrivals != nil {
		return c.awaitArrival()
	}
	return c.pause()
}

// keep records what the client is to invoke, and when.
func (c *client) keep(in any) {
	o := workloads.Operation{Client: c.id, At: max(0, c.planned), Final: c.final, Input: in}
	if c.final {
		o.At = 0
	}
	detrt.Quietly(func() { // a run that is recorded takes the same turns as one that is not
		c.e.script.mu.Lock()
		defer c.e.script.mu.Unlock()
		c.e.script.all = append(c.e.script.all, o)
	})
}

// call calls user code. It reports whether this generation is still the current one after it.
func (c *client) call(generation int, what any, asked *history.Op, f func(ctx context.Context) error) (goesOn bool, err error) {
	ctx, cancel := c.host.WithTimeout(context.Background(), c.e.config.Timeout)
	stood := c.e.cluster.Load().Paused(c.host.Name())
	c.mu.Lock()
	c.running, c.since, c.pending, c.pausedBefore, c.ctx, c.overran = what, c.now(), asked, stood, ctx, false
	c.mu.Unlock()
	err = c.recovering(ctx, what, f)
	cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		return false, nil
	}
	c.running, c.pending = nil, nil
	return true, err
}

// recovering turns a panic into a finding and an error.
func (c *client) recovering(ctx context.Context, what any, f func(ctx context.Context) error) (err error) {
	returned := false
	defer func() {
		p := recover()
		if returned {
			return
		}
		if p == nil { // runtime.Goexit recovers nothing, and a panic with nil recovers an error
			p = "the goroutine ended by runtime.Goexit, as t.FailNow and t.Fatal do"
		}
		err = fmt.Errorf("panic: %v", p)
		c.e.find(cluster.Finding{Kind: cluster.Panicked, Host: c.host.Name(), What: fmt.Sprintf("panic in %v: %v", what, p), Stack: string(debug.Stack())})
	}()
	err = f(ctx)
	returned = true
	return err
}

// connect opens a connection if there is none, and tries again until there is
// one or the clients are to stop. For the final questions it tries five times.
func (c *client) connect(generation int) (goesOn bool) {
	for try := 0; c.conn == nil && (!c.e.stopping.Load() || c.final && try < 5); try++ {
		var conn workloads.Client
		goesOn, err := c.call(generation, "Open", nil, func(ctx context.Context) (err error) {
			conn, err = c.e.config.Workload.Open(ctx, c.host)
			return err
		})
		if !goesOn {
			return false
		}
		if c.e.refused(c, err); err == nil {
			c.conn = conn
			return true
		}
		_ = c.host.Sleep(20 * time.Millisecond)
	}
	return true
}

// refused notes what Open said to a client last; nil if it got through.
func (e *engine) refused(c *client, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.refusals, c.id)
	if err != nil {
		e.refusals[c.id] = Refusal{c.host.Node(), err.Error()}
	}
}

// invoke invokes one operation and records it and its outcome.
func (c *client) invoke(generation int, in any) (goesOn bool) {
	if c.conn == nil {
		return true // the clients are to stop, and it never got through
	}
	op := history.Op{Process: c.process, Node: c.host.Node(), Input: in}
	if key := c.e.config.Workload.Key; key != nil {
		op.Key = key(in)
	}
	c.e.record(op)
	c.asked = op
	var out any
	goesOn, err := c.call(generation, in, &c.asked, func(ctx context.Context) (err error) {
		out, err = c.conn.Invoke(ctx, in)
		return err
	})
	if !goesOn {
		return false
	}
	op = completion(op, out, err)
	c.e.record(op)
	c.turn.Last, c.turn.Answer, c.turn.OK = in, out, op.Type == history.OK
	if op.Type == history.Info {
		c.process += c.e.config.Clients
		return c.disconnect(generation)
	}
	return true
}

// disconnect closes the connection.
func (c *client) disconnect(generation int) (goesOn bool) {
	conn := c.conn
	if conn == nil {
		return true
	}
	c.conn = nil
	// What Close says is of no interest: the process is done with it.
	goesOn, _ = c.call(generation, "Close", nil, func(context.Context) error { return conn.Close() })
	return goesOn
}

// watch looks whether user code has come back in time, and looks again.
func (c *client) watch() {
	limit := c.e.config.Timeout + shutdownTimeout
	var timer *cluster.Timer
	timer = c.host.AfterFunc(limit, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		left := limit
		if c.running != nil {
			left = c.left(limit)
		}
		if left <= 0 {
			c.abandon()
			left = limit
		}
		timer.Reset(left)
	})
}

// left returns how long user code may still take. A host that was paused gets that time
// back. One whose clock drifts may end a ctx late, and then has the shutdown timeout from there on.
func (c *client) left(limit time.Duration) time.Duration {
	paused := c.e.cluster.Load().Paused(c.host.Name()) - c.pausedBefore
	left := c.since + limit + paused - c.now()
	switch {
	case left > 0:
	case c.ctx.Err() == nil:
		c.overran = true
		return shutdownTimeout
	case c.overran:
		c.overran = false
		return shutdownTimeout
	}
	return left
}

// abandon leaves the goroutine behind that is the client, and has another take
// its place. What was asked stays open: it may happen yet.
func (c *client) abandon() {
	f := cluster.Finding{
		Kind: cluster.Hung, Host: c.host.Name(),
		What: fmt.Sprintf("%v ignores its ctx: it had not come back %v after it was due", c.running, shutdownTimeout),
	}
	for _, g := range goroutines.LeftBehind(c.e.runLabel) {
		if g.Host == c.host.Name() && g.Generation == fmt.Sprint(c.generation) {
			f.Stack = g.Stack()
		}
	}
	c.e.find(f)
	if c.pending != nil {
		op := *c.pending
		op.Input, op.Type, op.Err = nil, history.Info, "the client ignored its ctx"
		c.e.record(op)
		c.process += c.e.config.Clients
		c.turn.OK = false
		c.turn.Index++
	}
	c.running, c.pending, c.conn = nil, nil, nil
	c.generation++
	go c.live(c.generation)
}
