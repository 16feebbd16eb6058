package cluster

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Marks are named places and assertions in user code, so that a run shows what it tested. The vocabulary is Antithesis's: what
// must hold always, what must hold sometimes, and which code must be reached. A mark is known from the first time that it is
// named; [Host.Expect] names it in advance.

// Count counts how often the code is reached: "snapshot", "log truncated".
func (h *Host) Count(mark string) {
	h.mark(mark, 1, false)
}

// Expect names marks that some host must reach during a run. One that was never reached makes the run unknown: it proves nothing
// about the code behind it.
func (h *Host) Expect(names ...string) {
	for _, name := range names {
		h.mark(name, 0, true)
	}
}

// Reachable says that a run must reach this code.
func (h *Host) Reachable(mark string) { h.mark(mark, 1, true) }

// Sometimes says that ok must hold at some time in a run, on some host.
func (h *Host) Sometimes(ok bool, mark string) {
	n := 0
	if ok {
		n = 1
	}
	h.mark(mark, n, true)
}

// Always says that ok holds whenever the code is reached. If it does not that is a finding, one for each mark.
func (h *Host) Always(ok bool, mark string) {
	c := h.m.c
	h.mark(mark, 1, false)
	if ok {
		return
	}
	c.lock()
	first := c.marks.Break(mark)
	c.unlock()
	if first {
		c.addFinding(Finding{Kind: BrokenMark, Host: h.m.name, What: fmt.Sprintf("not always: %s, at %v", mark, c.Now())})
	}
}

// Unreachable says that a run must never reach this code. If it does that is a finding.
func (h *Host) Unreachable(mark string) { h.Always(false, mark) }

// mark counts a mark n times, and records whether a run must reach it.
func (h *Host) mark(name string, n int, expected bool) {
	c := h.m.c
	c.lock()
	defer c.unlock()
	if c.marks.Add(name, n, expected); n > 0 {
		h.m.event(trace.Mark, name, "")
	}
}

// Marks returns how often each mark was reached, and those, sorted, that were to be reached and never were.
func (c *Cluster) Marks() (count map[string]int, missed []string) {
	c.lock()
	defer c.unlock()
	return c.marks.All()
}
