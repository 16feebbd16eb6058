package goroutines

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Every goroutine that runs code of a host bears these profiler labels, and so do all
// that it starts, since goroutines inherit them. Findings name the host by them, CPU
// profiles show it, and the runtime prints them when the process dies of a panic.
const (
	RunLabel        = "capsize" // which run of the process, with its seed
	HostLabel       = "host"    // the name of the host
	GenerationLabel = "shift"   // of a client: counts the goroutines that have been it
	SpansLabel      = "spans"   // the processes of the spans that it is in, the outermost first: "17/23"
)

// A Goroutine is one goroutine of the process at an instant.
type Goroutine struct {
	id     string
	state  string // as the runtime spells it: "running", "select (durable)", "sync.Mutex.Lock"
	bubble string // number of its bubble of virtual time; empty outside of one

	run, Host, Generation, Spans string // its profiler labels; see RunLabel

	// What a deterministic runtime knows beside: Host has the host if the goroutine has lost its labels.
	dead, paused bool     // its host is
	outside      bool     // it waits for a lock that is held outside of its bubble
	wants        uint64   // the address of the lock that it waits for
	holds        []uint64 // the addresses of the locks that it holds
	holdsMore    bool     // and of some it is not known

	frames []frame // the innermost first, and at last who created it
}

// A frame is a call on the stack of a goroutine.
type frame struct {
	fn   string // as "example.com/store.(*Store).Append"
	args string
	file string
	line int
}

// durable reports whether a goroutine waits in a way that lets virtual time pass.
func (g Goroutine) durable() bool { return strings.HasSuffix(g.state, "(durable)") }

// Stack formats the stack of a goroutine, without what differs between two
// goroutines that are alike.
func (g Goroutine) Stack() string {
	var b strings.Builder
	for _, f := range g.frames {
		fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.fn, f.file, f.line)
	}
	return strings.TrimRight(b.String(), "\n")
}

// in reports whether a function whose name begins so is on the stack.
func (g Goroutine) in(prefixes ...string) bool {
	return slices.ContainsFunc(g.frames, func(f frame) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f.fn, p) })
	})
}

// All lists all goroutines of the process, at one instant. The one that calls
// is the first.
func All() []Goroutine {
	defer SetGODEBUG(ShowLabels)()
	b := make([]byte, 256<<10)
	n := runtime.Stack(b, true)
	for n == len(b) && n < 64<<20 {
		b = make([]byte, 4*len(b))
		n = runtime.Stack(b, true)
	}
	return Parse(string(b[:n]))
}

// ShowLabels is the setting of GODEBUG that has the runtime print the profiler labels
// of a goroutine with its stack.
const ShowLabels = "tracebacklabels=1"

// SetGODEBUG adds a setting to GODEBUG until undo is called. It does nothing if the
// environment has that setting.
func SetGODEBUG(setting string) (undo func()) {
	name, _, _ := strings.Cut(setting, "=")
	before, had := os.LookupEnv("GODEBUG")
	if strings.Contains(","+before, ","+name+"=") {
		return func() {}
	}
	with := strings.TrimPrefix(before+","+setting, ",")
	if os.Setenv("GODEBUG", with) != nil {
		return func() {}
	}
	return func() {
		switch {
		case os.Getenv("GODEBUG") != with: // something else has set it meanwhile
		case had:
			_ = os.Setenv("GODEBUG", before)
		default:
			_ = os.Unsetenv("GODEBUG")
		}
	}
}

// Parse reads what the runtime prints of goroutines, and passes over what is
// before the first of them, as the message of a panic.
func Parse(text string) []Goroutine {
	var all []Goroutine
	for block := range strings.SplitSeq(text, "\n\n") {
		if g, ok := parseGoroutine(strings.TrimLeft(block, "\n")); ok {
			all = append(all, g)
		}
	}
	return all
}

var (
	header    = regexp.MustCompile(`^goroutine (\d+)(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[(.*?)\](?: \{(.*)\})?:$`)
	described = regexp.MustCompile(` capsize:\{host ("(?:[^"\\]|\\.)*")(.*?)\}`)
	bubbleOf  = regexp.MustCompile(`, synctest bubble (\d+)$`)
	labelPair = regexp.MustCompile(`("(?:[^"\\]|\\.)*"|[^ ",:]+): ("(?:[^"\\]|\\.)*"|[^ ",]+)`) // Go 1.27 quotes what needs it
	place     = regexp.MustCompile(`^\t(.*):(\d+)(?: \+0x[0-9a-f]+)?(?: fp=.*)?$`)
)

// creator begins the last frame of a goroutine: where it was started.
const creator = "created by "

func parseGoroutine(block string) (g Goroutine, ok bool) {
	lines := strings.Split(block, "\n")
	m := header.FindStringSubmatch(lines[0])
	if m == nil {
		return g, false
	}
	rest, host := m[2], ""
	if d := described.FindStringSubmatch(rest); d != nil {
		rest = strings.Replace(rest, d[0], "", 1)
		host = unquote(d[1])
		g.describe(d[2])
	}
	state, labels, _ := strings.Cut(rest, " labels:{")
	g.id = m[1]
	for _, pair := range labelPair.FindAllStringSubmatch(labels+m[3], -1) {
		switch value := unquote(pair[2]); unquote(pair[1]) {
		case RunLabel:
			g.run = value
		case HostLabel:
			g.Host = value
		case GenerationLabel:
			g.Generation = value
		case SpansLabel:
			g.Spans = value
		}
	}
	g.Host = cmp.Or(g.Host, host)
	if b := bubbleOf.FindStringSubmatch(state); b != nil {
		g.bubble = b[1]
		state = strings.TrimSuffix(state, b[0])
	}
	g.state, _, _ = strings.Cut(state, ", ") // how long, and whether it is locked to a thread
	for i := 1; i+1 < len(lines); i++ {
		at := place.FindStringSubmatch(lines[i+1])
		if at == nil {
			continue // "...additional frames elided..."
		}
		f := frame{fn: lines[i], file: at[1]}
		if strings.HasPrefix(f.fn, creator) {
			f.fn, _, _ = strings.Cut(f.fn, " in goroutine ")
		}
		if open := strings.LastIndex(f.fn, "("); open > 0 && strings.HasSuffix(f.fn, ")") {
			f.fn, f.args = f.fn[:open], f.fn[open:]
		}
		f.line, _ = strconv.Atoi(at[2])
		g.frames = append(g.frames, f)
		i++
	}
	if g.awaitsOutside() {
		g.state = "sync.Mutex.Lock"
	}
	return g, true
}

// awaitsOutside reports whether a goroutine waits for a lock that is held outside of its bubble, as a deterministic runtime does
// that: the goroutine looks again and again. One that was just given a lock has the same stack and is not meant: its turn comes.
func (g Goroutine) awaitsOutside() bool {
	return g.outside && (g.state == "runnable" || g.state == "running")
}

func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return strings.Trim(s, `"`)
}

// describe reads what a deterministic runtime says of a goroutine: " dead wants 0xc000012345 holds 0xc000067890".
func (g *Goroutine) describe(text string) {
	words := strings.Fields(text)
	for i, word := range words {
		switch word {
		case "dead":
			g.dead = true
		case "paused":
			g.paused = true
		case "outside":
			g.outside = true
		case "overflow":
			g.holdsMore = true
		case "wants", "holds":
			if i+1 == len(words) {
				return
			}
			address, _ := strconv.ParseUint(words[i+1], 0, 64) // 0, the address of none, if it is no number
			if word == "wants" {
				g.wants = address
			} else {
				g.holds = append(g.holds, address)
			}
		}
	}
}

// of returns the goroutines of a run: those that bear its label, and those in its
// bubble that bear none.
func of(run string, all []Goroutine) []Goroutine {
	bubble := ""
	for _, g := range all {
		if g.run == run && g.bubble != "" {
			bubble = g.bubble
		}
	}
	var found []Goroutine
	for _, g := range all {
		if g.run == run || bubble != "" && g.bubble == bubble {
			found = append(found, g)
		}
	}
	return found
}

// ofHarness reports whether a goroutine runs code of the harness alone.
func (g Goroutine) ofHarness() bool {
	return g.Host == "" && g.in("testing/synctest.", "internal/synctest.Run", "github.com/capsize-go/capsize/internal/engine.(*engine).run",
		"github.com/capsize-go/capsize/cluster.(*loop).run", "github.com/capsize-go/capsize/cluster.(*loop).catchUp")
}

// LeftBehind lists the goroutines of a run that run code of its hosts, without those of hosts that have died: they wait for nothing.
func LeftBehind(run string) []Goroutine { return leftBehind(of(run, All())) }

func leftBehind(ours []Goroutine) []Goroutine {
	return slices.DeleteFunc(slices.Clone(ours), func(g Goroutine) bool { return g.dead || g.ofHarness() })
}

// Alike groups goroutines of one host with the same stack, in the order of the first
// of each group.
func Alike(all []Goroutine) [][]Goroutine {
	index := map[[2]string]int{}
	var groups [][]Goroutine
	for _, g := range all {
		key := [2]string{g.Host, g.Stack()}
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

// String says where a frame is, as "store.go:31".
func (f frame) String() string { return fmt.Sprintf("%s:%d", filepath.Base(f.file), f.line) }

// short returns the name of the function without the path of its package:
// "(*Store).Append" for "example.com/store.(*Store).Append".
func (f frame) short() string {
	name := f.fn[strings.LastIndex(f.fn, "/")+1:]
	if _, after, ok := strings.Cut(name, "."); ok {
		return after
	}
	return name
}

// qualified returns the name of the function with that of its package: "time.Sleep".
func (f frame) qualified() string { return f.fn[strings.LastIndex(f.fn, "/")+1:] }
