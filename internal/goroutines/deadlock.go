package goroutines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/locks"
)

// Virtual time passes when every goroutine of the bubble is durably blocked. A wait for
// a sync.Mutex is not durable: package synctest can't know that its holder is in the
// bubble. So where the holder sleeps in virtual time, nothing can happen any more. The
// runtime shows this state: no goroutine of the bubble can run, and some wait for a
// lock. This file looks for it, and finds the holder by the sources.

// lockWaits are the waits for locks, by what the runtime calls them.
var lockWaits = map[string]string{
	"sync.Mutex.Lock": "sync.Mutex", "sync.RWMutex.Lock": "sync.RWMutex", "sync.RWMutex.RLock": "sync.RWMutex",
}

// outsideWaits are waits in a bubble for something that was made outside of it.
var outsideWaits = map[string]string{
	"chan receive": "a channel that was made outside of the run", "chan send": "a channel that was made outside of the run",
	"select":              "channels some of which were made outside of the run",
	"sync.WaitGroup.Wait": "a sync.WaitGroup that was used outside of the run", "semacquire": "a semaphore of the runtime",
}

// Deadlock returns what keeps virtual time from passing for good, if the goroutines of
// a run are in such a state. It is empty if one of them can run, and also if something
// outside of the bubble could wake one. So it never depends on how long one waits.
func Deadlock(run string, all []Goroutine) []cluster.Finding {
	ours := of(run, all)
	var stuck []Goroutine
	for _, g := range ours {
		switch {
		case g.durable(), g.dead, g.paused:
		case g.stopsTheWorld():
			return nil // its turn comes
		case lockWaits[g.state] != "", outsideWaits[g.state] != "":
			stuck = append(stuck, g)
		default:
			return nil // it runs, or waits for the operating system
		}
	}
	if len(stuck) == 0 {
		return nil
	}
	var findings []cluster.Finding
	closed := quiet(ours, all)
	var sources locks.Sources
	for _, group := range sameLock(stuck, &sources) {
		w := waiter{group[0], len(group) - 1, ours, &sources}
		if f, certain := w.finding(); certain || closed {
			findings = append(findings, f)
		}
	}
	return findings
}

// stopsTheWorld reports whether a goroutine is in a function that stops all others, as [runtime.Stack] and [runtime.GC]
// do, and waits for another one that is in such a function. That may be the one that looks for deadlocks, and takes no longer than a look.
func (g Goroutine) stopsTheWorld() bool {
	return g.state == "semacquire" && len(g.frames) > 0 && strings.HasPrefix(g.frames[0].fn, "runtime.")
}

// quiet reports whether the goroutines outside of a bubble are known to wait for its
// end, or for nothing that concerns it.
func quiet(ours, all []Goroutine) bool {
	inside := map[string]bool{}
	for _, g := range ours {
		inside[g.id] = true
	}
	for i, g := range all {
		waits := strings.HasPrefix(g.state, "chan ") || strings.HasPrefix(g.state, "select")
		in := ""
		if len(g.frames) > 0 {
			in = g.frames[outer(g)].fn
		}
		switch {
		case i == 0, inside[g.id]: // the one that looks
		case waits && g.in("github.com/capsize-go/capsize/internal/engine.(*engine).runInBubble"): // for the run's end
		case waits && (strings.HasPrefix(in, "testing.") || strings.HasPrefix(in, "os/signal.") || strings.HasPrefix(in, "context.")):
		case in == "os/signal.signal_recv", in == "os/signal.loop":
		case g.bubble != "" && (g.durable() || lockWaits[g.state] != "" || outsideWaits[g.state] != ""): // of a run that was given up
		default:
			return false
		}
	}
	return true
}

// sameLock groups those who wait for the same lock of the same host, the holders of
// other locks last: the first of each group stands for it.
func sameLock(stuck []Goroutine, sources *locks.Sources) [][]Goroutine {
	var groups [][]Goroutine
	index := map[string]int{}
	for _, g := range stuck {
		key := g.Host + " " + lockAddress(g)
		if lockAddress(g) == "" {
			key += g.Stack()
			for _, l := range wantedLocks(g, sources) {
				key = g.Host + " " + l.Key
			}
		}
		i, ok := index[key]
		if !ok {
			i = len(groups)
			index[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], g)
	}
	return groups
}

// lockAddress returns the address of the lock that a goroutine waits for, where the
// runtime is sure of it.
func lockAddress(g Goroutine) string {
	for _, f := range g.frames {
		if f.fn == "internal/sync.(*Mutex).lockSlow" {
			if a := strings.Trim(f.args, "()"); !strings.ContainsAny(a, "?,") {
				return a
			}
		}
		if !ofRuntime(f) {
			break
		}
	}
	return ""
}

// ofRuntime reports whether a frame is one of the runtime or of package sync.
func ofRuntime(f frame) bool {
	for _, p := range []string{"runtime.", "sync.", "internal/sync.", "internal/synctest.", "time.Sleep", "internal/poll."} {
		if strings.HasPrefix(f.fn, p) {
			return true
		}
	}
	return false
}

// outer returns the index of the innermost frame that is none of the runtime's.
func outer(g Goroutine) int {
	return max(0, slices.IndexFunc(g.frames, func(f frame) bool { return !ofRuntime(f) }))
}

// wantedLocks returns the locks that a goroutine waits for, as the sources spell them: there
// are several if the lock is taken by a method Lock of the user's own.
func wantedLocks(g Goroutine, sources *locks.Sources) []locks.Lock {
	once := slices.ContainsFunc(g.frames[:outer(g)], func(f frame) bool { return strings.HasPrefix(f.fn, "sync.(*Once)") })
	var found []locks.Lock
	for i := outer(g); i < len(g.frames); i++ {
		f := g.frames[i]
		before := len(found)
		for _, l := range sources.Wanted(f.file, f.line) {
			if l.Once == once {
				found = append(found, l)
			}
		}
		if len(found) == before || !strings.HasSuffix(f.fn, "Lock") {
			break
		}
	}
	return found
}

// holdsUpTime is why a wait for a lock ends a run.
const holdsUpTime = "; virtual time can't pass while a goroutine waits for a lock: see docs/reference/determinism.md#locks"

// A waiter is a goroutine that waits for a lock, in the company of others.
type waiter struct {
	Goroutine
	others  int // that wait for the same lock
	all     []Goroutine
	sources *locks.Sources
}

// finding says what a goroutine waits for and who holds it. It is certain that this
// state is for good if the holder was found: then nothing outside can end it.
func (w waiter) finding() (f cluster.Finding, certain bool) {
	at := w.frames[outer(w.Goroutine)]
	what, ok := lockWaits[w.state]
	if !ok {
		what := fmt.Sprintf("hangs: %s waits at %v for %s, and so virtual time can't pass; see docs/reference/determinism.md#locks", at.short(), at, outsideWaits[w.state])
		return cluster.Finding{Kind: cluster.Hung, Host: w.Host, What: what, Stack: w.Stack()}, false
	}
	if w.Goroutine.in("sync.(*Once)") && strings.HasPrefix(w.frames[outer(w.Goroutine)-1].fn, "sync.(*Once)") {
		what = "sync.Once"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "hangs: %s waits at %v for %s", at.short(), at, what)
	for _, l := range wantedLocks(w.Goroutine, w.sources) {
		fmt.Fprintf(&b, " %s", l.Text)
		break
	}
	if w.others > 0 {
		fmt.Fprintf(&b, ", as %d more goroutine(s) do", w.others)
	}
	found := w.holders()
	certain = len(found) > 0 && found[0].sure
	f = cluster.Finding{Kind: cluster.Hung, Host: w.Host, Stack: w.Stack()}
	for i, h := range found {
		if i == 3 {
			fmt.Fprintf(&b, ", or one of %d more", len(found)-i)
			break
		}
		fmt.Fprintf(&b, "%s %s", []string{", which", " or"}[min(i, 1)], h.what(w.Host))
		f.Stack += fmt.Sprintf("\n\nthe holder, goroutine %s [%s]:\n%s", h.id, h.state, h.Stack())
	}
	if len(found) == 0 {
		b.WriteString(", whose holder was not found in the sources")
	}
	b.WriteString(holdsUpTime)
	f.What = b.String()
	return f, certain
}

// A holder is a goroutine that holds a lock, as the source of a function on its stack
// shows.
type holder struct {
	Goroutine
	lock locks.Lock
	at   int  // index of the frame of that function
	sure bool // the lock is the one that is waited for, by its type and name and by its host
}

// what says where a holder took the lock, and where it waits now.
func (h holder) what(host string) string {
	f := h.frames[h.at]
	who := "a goroutine"
	if h.Host != host {
		who += " of " + h.Host
	}
	verb := "is held by"
	if !h.sure {
		verb = "is probably held by"
	}
	took := fmt.Sprintf("%s %s that took it in %s at %s:%d", verb, who, f.short(), baseName(f.file), h.lock.Line)
	now := fmt.Sprintf("and waits now at %v", f)
	if h.at > 0 {
		now = fmt.Sprintf("and waits now in %s, called at %v", h.frames[h.at-1].qualified(), f)
	}
	return took + " " + now
}

func baseName(file string) string { return file[strings.LastIndex(file, "/")+1:] }

// holders returns who holds the lock that is waited for: those who are sure to hold it,
// or else those who hold one of the same name.
func (w waiter) holders() []holder {
	want := wantedLocks(w.Goroutine, w.sources)
	var sure, likely []holder
	for _, g := range w.all {
		if g.id == w.id {
			continue
		}
		if h, ok := w.holds(g, want); ok && h.sure {
			sure = append(sure, h)
		} else if ok {
			likely = append(likely, h)
		}
	}
	if len(sure) > 0 {
		// Several goroutines hold such a lock, each perhaps of another object.
		for i := range sure {
			sure[i].sure = len(sure) == 1 || w.state != "sync.Mutex.Lock"
		}
		return sure
	}
	return likely
}

// holds looks for the lock among those that the functions on a stack hold.
func (w waiter) holds(g Goroutine, want []locks.Lock) (h holder, ok bool) {
	for i := outer(g); i < len(g.frames); i++ {
		f := g.frames[i]
		held := w.sources.Held(f.file, f.line)
		if i > 0 && strings.HasPrefix(g.frames[i-1].fn, "sync.(*Once)") && i > outer(g) {
			held = append(held, w.sources.Wanted(f.file, f.line)...)
		}
		for _, l := range held {
			for _, x := range want {
				switch {
				case l.Once != x.Once:
				case l.Key == x.Key && g.Host == w.Host:
					return holder{g, l, i, true}, true
				case !ok && l.Name == x.Name && (g.Host == w.Host || l.Key == x.Key):
					h, ok = holder{g, l, i, false}, true
				}
			}
		}
	}
	return h, ok
}
