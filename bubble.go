package capsize

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// runInBubble runs the engine in a bubble of virtual time, and watches it from
// outside. A run in which nothing happens for [Test.Stall] of wall time is given
// up with a finding: some goroutine spins, or waits for something that is not of
// the bubble. What was recorded until then is kept.
func (e *engine) runInBubble(t *testing.T) error {
	ended := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if p := recover(); p != nil {
				err = e.explainPanic(p)
			}
			ended <- err
		}()
		synctest.Test(t, func(*testing.T) { err = e.run() })
	}()
	before, since := uint64(0), time.Now()
	tick := time.NewTicker(min(e.test.Stall/4+1, 200*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		if w := e.world.Load(); w != nil && w.Progress() != before {
			before, since = w.Progress(), time.Now()
		}
		if time.Since(since) > e.test.Stall {
			e.giveUp()
			return nil
		}
	}
}

// explainPanic makes a finding of what package synctest panics with when
// goroutines are left in the bubble that nothing can wake any more. Those that
// belong to a host have been reported with it by then.
func (e *engine) explainPanic(p any) error {
	text := fmt.Sprint(p)
	if !strings.Contains(text, "deadlock") {
		return fmt.Errorf("run: %v", p)
	}
	e.mu.Lock()
	known := len(e.findings) > 0
	e.mu.Unlock()
	if !known {
		e.find(cluster.Finding{What: "goroutines were left behind that nothing can wake: " + text})
	}
	if !e.closed {
		e.stop(fmt.Errorf("the run came to a halt: %s", text))
	}
	return nil
}

// giveUp ends a run that stands still, and says who is at fault.
func (e *engine) giveUp() {
	e.stop(fmt.Errorf("nothing happened for %v", e.test.Stall))
	if w := e.world.Load(); w != nil {
		defer w.Abandon()
	}
	culprits := 0
	for _, g := range leftBehind(e.label) {
		if g.idle() {
			continue
		}
		culprits++
		e.find(cluster.Finding{
			Host: g.host, Stack: g.stack,
			What: fmt.Sprintf("hangs: it used up %v without letting time pass; it spins, or waits for something outside of virtual time (a lock that is held, a real socket or file)", e.test.Stall),
		})
	}
	if culprits == 0 {
		e.find(cluster.Finding{What: fmt.Sprintf("the run hangs: nothing happened for %v, and no goroutine of a host is to blame", e.test.Stall), Stack: allStacks()})
	}
}

func allStacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// A goroutine is one of a run's that is still there.
type goroutine struct {
	host, shift string
	stack       string
	count       string
}

func (g goroutine) what() string {
	return fmt.Sprintf("left %s goroutine(s) behind, which had not ended %v after their ctx was done", g.count, grace)
}

// idle reports whether the goroutine waits as goroutines of the bubble may.
func (g goroutine) idle() bool {
	for _, wait := range []string{"cluster.(*Host).Sleep", "cluster.(*Host).Call", "runtime.chanrecv", "runtime.selectgo", "sync.(*WaitGroup).Wait", "sync.(*Cond).Wait", "time.Sleep"} {
		if first, _, _ := strings.Cut(g.stack, "\n"); strings.Contains(first, wait) {
			return true
		}
	}
	return false
}

var labelLine = regexp.MustCompile(`"([a-z]+)":"([^"]*)"`)

// leftBehind lists the goroutines of a run, which are known by their profiler
// labels: children inherit them.
func leftBehind(label string) []goroutine {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return nil // a buffer takes all
	}
	var found []goroutine
	for block := range strings.SplitSeq(b.String(), "\n\n") {
		lines := strings.Split(strings.TrimSpace(block), "\n")
		g := goroutine{}
		of := ""
		var stack []string
		for i, l := range lines {
			switch {
			case strings.HasPrefix(l, "# labels:"):
				for _, kv := range labelLine.FindAllStringSubmatch(l, -1) {
					switch kv[1] {
					case "capsize":
						of = kv[2]
					case "host":
						g.host = kv[2]
					case "shift":
						g.shift = kv[2]
					}
				}
			case strings.HasPrefix(l, "#"):
				stack = append(stack, frame(l))
			case strings.Contains(l, " @ "):
				g.count = strings.Fields(lines[i])[0]
			}
		}
		if of == label {
			g.stack = strings.Join(stack, "\n")
			found = append(found, g)
		}
	}
	return found
}

// frame makes "#	0x4711	pkg.fn+0x12	file.go:34" readable.
func frame(l string) string {
	f := strings.Fields(l)
	if len(f) < 4 {
		return l
	}
	fn, _, _ := strings.Cut(f[2], "+0x")
	return fn + "\n\t" + strings.Join(f[3:], " ")
}
