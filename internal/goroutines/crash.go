package goroutines

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/cluster"
)

// Crashed returns the finding that a process died by a panic or a fatal error: what it was, with the
// host whose goroutine it was and its stack, as far as the runtime printed them.
func Crashed(text string) cluster.Finding {
	f := cluster.Finding{Kind: cluster.Panicked, What: message(text)}
	all := Parse(text)
	if len(all) == 0 {
		f.Stack = strings.TrimSpace(text)
		return f
	}
	g := all[0]
	f.Host, f.Stack = g.Host, g.Stack()
	if f.What == "" {
		f.What = fatal(g)
	}
	for _, fr := range g.frames {
		if fn, ok := strings.CutPrefix(fr.fn, creator); ok {
			f.What += fmt.Sprintf(", in a goroutine created by %s at %v", fn[strings.LastIndex(fn, "/")+1:], fr)
		}
	}
	return f
}

// message returns what a crash is about: all before the first goroutine, on one line.
func message(crash string) string {
	text, _, _ := strings.Cut(crash, "\ngoroutine ")
	text, _, _ = strings.Cut(text, "\nruntime stack:")
	return strings.Join(strings.Fields(text), " ")
}

// fatal says which fatal error of the runtime a goroutine met. The runtime prints its
// message before it begins to die, and so to stderr alone.
func fatal(g Goroutine) string {
	switch {
	case g.in("internal/runtime/maps.fatal"):
		return "fatal error of the runtime: concurrent use of a map"
	case g.in("sync.fatal", "internal/sync.fatal"):
		return "fatal error of the runtime: misuse of a lock, as the unlock of one that is not locked"
	}
	return "fatal error of the runtime, whose message went to stderr only"
}
