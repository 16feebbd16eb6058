package capsize

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
)

// A goroutine is one of a run's that is still there, or several that are alike.
type goroutine struct {
	host, shift string
	stack       string
	waits       bool // in one of the ways that goroutines of a bubble may wait
	count       string
	pcs         string // addresses of the frames, innermost first
}

func (g goroutine) what() string {
	return fmt.Sprintf("left %s goroutine(s) behind, which had not ended %v after their ctx was done", g.count, grace)
}

// leftBehind lists the goroutines of a run, which are known by their profiler
// labels: children inherit them.
func leftBehind(label string) []goroutine {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		return nil // a buffer takes all
	}
	var found []goroutine
	for block := range strings.SplitSeq(b.String(), "\n\n") {
		if g, of := parseGoroutine(block); of == label {
			found = append(found, g)
		}
	}
	return found
}

var labelPair = regexp.MustCompile(`"([a-z]+)":"([^"]*)"`)

// parseGoroutine reads one entry of a goroutine profile, and returns the run that
// it belongs to.
func parseGoroutine(block string) (g goroutine, of string) {
	var stack []string
	for line := range strings.Lines(strings.TrimSpace(block)) {
		switch {
		case strings.HasPrefix(line, "# labels:"):
			for _, pair := range labelPair.FindAllStringSubmatch(line, -1) {
				switch pair[1] {
				case "capsize":
					of = pair[2]
				case "host":
					g.host = pair[2]
				case "shift":
					g.shift = pair[2]
				}
			}
		case strings.HasPrefix(line, "#"):
			stack = append(stack, frame(line))
		default:
			if count, pcs, ok := strings.Cut(line, " @ "); ok {
				g.count, g.pcs, g.waits = count, pcs, waitsDurably(pcs)
			}
		}
	}
	g.stack = strings.Join(stack, "\n")
	return g, of
}

// Where goroutines of a bubble wait without keeping its time from passing, by
// the functions of the runtime that they wait in.
var durableWaits = []string{
	"runtime.chanrecv", "runtime.chansend", "runtime.selectgo", "runtime.block",
	"sync.runtime_notifyListWait", "sync.runtime_SemacquireWaitGroup", "time.Sleep",
}

// waitsDurably reports whether the innermost frames of a stack are those of a wait
// that virtual time knows of. A profile prints no frames of the runtime, but it
// has their addresses.
func waitsDurably(pcs string) bool {
	for _, text := range strings.Fields(pcs) {
		pc, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return false
		}
		f := runtime.FuncForPC(uintptr(pc) - 1)
		if f == nil {
			return false
		}
		name := f.Name()
		if slices.ContainsFunc(durableWaits, func(w string) bool { return strings.HasPrefix(name, w) }) {
			return true
		}
		if !strings.HasPrefix(name, "runtime.") {
			return false
		}
	}
	return false
}

// frame makes "#	0x4711	pkg.fn+0x12	file.go:34" readable.
func frame(line string) string {
	f := strings.Fields(line)
	if len(f) < 4 {
		return strings.TrimSpace(line)
	}
	fn, _, _ := strings.Cut(f[2], "+0x")
	return fn + "\n\t" + strings.Join(f[3:], " ")
}

func allStacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}
