package goroutines

import (
	"fmt"
	"strconv"
	"strings"
)

// A Wait says where the goroutine of a call waits.
type Wait struct {
	Host      string
	goroutine Goroutine
}

// Waits returns where calls wait, by their process. A call is inside of another one where that waits for it, so of several
// goroutines it takes the one that is in the most spans: it is the cause.
func Waits(all []Goroutine) map[int]Wait {
	waits, depth := map[int]Wait{}, map[int]int{}
	for _, g := range all {
		if g.Spans == "" {
			continue
		}
		path := strings.Split(g.Spans, "/")
		for i, text := range path {
			process, err := strconv.Atoi(text)
			if err != nil {
				continue
			}
			inside := len(path) - i
			if old, ok := depth[process]; ok && (old > inside || old == inside && !g.waitsIn(waits[process].goroutine)) {
				continue
			}
			waits[process], depth[process] = Wait{g.Host, g}, inside
		}
	}
	return waits
}

// waitsIn reports whether g is to be preferred to another goroutine of the same spans: it has the longer stack, or the first by name.
func (g Goroutine) waitsIn(other Goroutine) bool {
	if a, b := len(g.frames), len(other.frames); a != b {
		return a > b
	}
	return g.Stack() < other.Stack()
}

// String says where the goroutine waits, from the innermost function outwards, without what differs from one
// machine to another.
func (w Wait) String() string {
	var at []string
	for _, f := range w.goroutine.frames {
		if strings.HasPrefix(f.fn, "runtime.") || strings.HasPrefix(f.fn, "internal/") || strings.HasPrefix(f.fn, creator) {
			continue
		}
		at = append(at, fmt.Sprintf("%s (%s)", f.qualified(), f))
	}
	if len(at) == 0 {
		return "still waits"
	}
	return "still waits in " + strings.Join(at, " < ")
}
