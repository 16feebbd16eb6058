package goroutines

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/locks"
	"github.com/capsize-go/capsize/internal/sorting"
)

// With a deterministic runtime virtual time passes while goroutines wait for locks, so a run goes on although some wait
// for good. That runtime knows who waits for which lock and who holds it, but not who will release it: a goroutine may release a lock that
// another one has taken. What the sources say of that decides.

// LockHangs returns the locks of a run that will never be released: those whose holders wait for such locks themselves, or
// belong to a host that has died, or have ended. It is empty without a deterministic runtime, and while every holder may go on.
func LockHangs(run string, all []Goroutine) []cluster.Finding {
	b := newBlocked(of(run, all))
	var findings []cluster.Finding
	seen := map[uint64]int{}
	for _, g := range b.forGood() {
		if seen[g.wants]++; seen[g.wants] > 1 {
			continue
		}
		what := fmt.Sprintf("hangs: %s; this lock is never released", b.describe(g))
		findings = append(findings, cluster.Finding{Kind: cluster.Hung, Host: g.Host, What: what, Stack: b.stacks(g)})
	}
	return findings
}

// LockWait says for which lock a goroutine of a run waits, and who holds it, with the stacks of both. It is empty if the goroutine waits for none.
func LockWait(g Goroutine, run string, all []Goroutine) (what, stacks string) {
	if g.wants == 0 || lockWaits[g.waiting()] == "" {
		return "", ""
	}
	b := newBlocked(of(run, all))
	return b.describe(g), b.stacks(g)
}

// waiting returns the state of a goroutine without what it says of virtual time.
func (g Goroutine) waiting() string { return strings.TrimSuffix(g.state, " (durable)") }

// A blocked is the goroutines of a run by the locks that they wait for and hold.
type blocked struct {
	ours    []Goroutine
	waiters []Goroutine // that are blocked, of hosts that live
	unknown bool        // some lock has a holder of whom it is not known
	sources *locks.Sources
}

func newBlocked(ours []Goroutine) *blocked {
	b := &blocked{ours: ours, sources: new(locks.Sources)}
	for _, g := range ours {
		b.unknown = b.unknown || g.holdsMore
		if g.wants != 0 && !g.dead && lockWaits[g.waiting()] != "" {
			b.waiters = append(b.waiters, g)
		}
	}
	sorting.Stable(b.waiters, inFindings)
	return b
}

// inFindings orders waiters: first those that hold a lock, since others wait because of them, and else by host and stack. The order in which the
// runtime lists goroutines is that of its memory, and depends on what the process did before.
func inFindings(x, y Goroutine) int {
	return cmp.Or(cmp.Compare(len(y.holds), len(x.holds)), cmp.Compare(x.Host, y.Host), cmp.Compare(x.Stack(), y.Stack()))
}

// writerLock is how far in a [sync.RWMutex] what readers wait for lies behind what writers wait for.
const writerLock = 4

// holders returns who keeps a waiter from its lock.
func (b *blocked) holders(w Goroutine) (found []Goroutine) {
	for _, g := range b.ours {
		switch {
		case slices.Contains(g.holds, w.wants):
			found = append(found, g)
		case w.waiting() == "sync.RWMutex.RLock" && g.wants == w.wants-writerLock && g.waiting() == "sync.RWMutex.Lock":
			found = append(found, g) // a writer that waits goes before readers that come later
		case g.wants == w.wants && lockWaits[g.waiting()] == "":
			found = append(found, g) // it was just handed the lock
		}
	}
	return found
}

// forGood returns those who will never get their lock. It begins with all and leaves out, again and again, who may get
// it: until all that are left wait for each other, for the dead, or for goroutines that have ended.
func (b *blocked) forGood() []Goroutine {
	left := slices.Clone(b.waiters)
	for {
		before := len(left)
		left = slices.DeleteFunc(left, func(w Goroutine) bool { return b.mayGet(w, left) })
		if len(left) == before {
			return left
		}
	}
}

// mayGet reports whether a waiter may get its lock, if those who are stuck do nothing.
func (b *blocked) mayGet(w Goroutine, stuck []Goroutine) bool {
	holders := b.holders(w)
	if len(holders) == 0 && (b.unknown || len(wantedLocks(w, b.sources)) == 0) {
		return true
	}
	gone := len(holders) == 0
	for _, h := range holders {
		gone = gone || h.dead || slices.ContainsFunc(stuck, func(s Goroutine) bool { return s.id == h.id })
	}
	return !gone || b.releasedBy(w, stuck)
}

// releasedBy reports whether another goroutine of the host is in a function that releases a lock of that name.
func (b *blocked) releasedBy(w Goroutine, stuck []Goroutine) bool {
	want := wantedLocks(w, b.sources)
	for _, g := range b.ours {
		if g.dead || g.Host != w.Host || g.id == w.id || slices.ContainsFunc(stuck, func(s Goroutine) bool { return s.id == g.id }) {
			continue
		}
		for _, f := range g.frames {
			if ofRuntime(f) || strings.HasPrefix(f.fn, creator) {
				continue
			}
			for _, l := range b.sources.Released(f.file, f.line) {
				if slices.ContainsFunc(want, func(x locks.Lock) bool { return x.Name == l.Name }) {
					return true
				}
			}
		}
	}
	return false
}

// describe says what a goroutine waits for and who holds it.
func (b *blocked) describe(w Goroutine) string {
	at := w.frames[outer(w)]
	var s strings.Builder
	fmt.Fprintf(&s, "%s waits at %v for %s", at.short(), at, lockWaits[w.waiting()])
	want := wantedLocks(w, b.sources)
	if len(want) > 0 {
		fmt.Fprintf(&s, " %s", want[0].Text)
	}
	others := 0
	for _, g := range b.waiters {
		if g.id != w.id && g.wants == w.wants {
			others++
		}
	}
	if others > 0 {
		fmt.Fprintf(&s, ", as %d more goroutine(s) do", others)
	}
	holders := b.holders(w)
	for i, h := range holders {
		if i == 3 {
			fmt.Fprintf(&s, ", and by %d more", len(holders)-i)
			break
		}
		fmt.Fprintf(&s, "%s %s", []string{", which is held by", " and by"}[min(i, 1)], b.holder(w, h, want))
	}
	if len(holders) == 0 && !b.unknown {
		s.WriteString(", whose holder has ended without releasing it")
	}
	return s.String()
}

// holder says who a holder is, where it took the lock as far as the sources show that, and where it waits.
func (b *blocked) holder(w, h Goroutine, want []locks.Lock) string {
	if h.id == w.id {
		return "this very goroutine"
	}
	who := "a goroutine"
	switch {
	case h.dead:
		who += fmt.Sprintf(" of %s, which has crashed meanwhile,", h.Host)
	case h.Host != w.Host:
		who += " of " + h.Host
	}
	if x, ok := (waiter{w, 0, b.ours, b.sources}).holds(h, want); ok {
		f := h.frames[x.at]
		who += fmt.Sprintf(" that took it in %s at %s:%d", f.short(), baseName(f.file), x.lock.Line)
	}
	f := h.frames[outer(h)]
	return fmt.Sprintf("%s and waits in %s at %v", who, f.short(), f)
}

// stacks returns the stack of a waiter and those of the holders.
func (b *blocked) stacks(w Goroutine) string {
	s := w.Stack()
	for _, h := range b.holders(w) {
		if h.id != w.id {
			s += fmt.Sprintf("\n\nthe holder, goroutine %s [%s]:\n%s", h.id, h.state, h.Stack())
		}
	}
	return s
}
