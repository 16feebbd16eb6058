package schedule

import (
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/detrt"
)

// epoch is when bubbles of virtual time begin, in nanoseconds.
const epoch = 946684800 * int64(time.Second)

// A Trace is what the scheduler decided in a run.
type Trace struct {
	Steps  uint64 // decisions
	Points uint64 // points that were passed
	Hash   uint64 // of all decisions: alike for two runs whose goroutines took their turns in one order

	memory *memory // of the first decisions; nil: there are none
}

// A memory holds decisions, four words each. At first it is the memory that the runtime wrote them to, which the next run needs.
type memory struct {
	mu     sync.Mutex
	words  []uint64
	shared bool // with the runtime
}

// keep copies the decisions if they are in the memory of the runtime, and returns them.
func (m *memory) keep() []uint64 {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shared {
		m.words, m.shared = slices.Clone(m.words), false
	}
	return m.words
}

// Forget gives up the decisions and keeps how many there were, and their hash. A sweep does so with runs that pass: the decisions of
// a long run take megabytes, and the next run would copy them.
func (t *Trace) Forget() {
	if t == nil || t.memory == nil {
		return
	}
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	t.memory.words, t.memory.shared = nil, false
}

// A Decision is one step of the scheduler: it gave the turn to a goroutine.
type Decision struct {
	At        time.Duration // of virtual time, since the run began
	Goroutine uint64        // by birth in the run, from 1 on
	Started   string        // function, file and line of the go statement that started it
	Ready     int           // goroutines that could have had the turn
	Choice    int           // which of them it was, in the order in which they became ready
}

// String says what was decided, on one line.
func (d Decision) String() string {
	return fmt.Sprintf("%v: goroutine %d, started at %s, number %d of %d that were ready", d.At, d.Goroutine, d.Started, d.Choice+1, d.Ready)
}

const (
	perDecision = 4
	// room is for how many decisions a trace has room. Memory is used for those alone that are made.
	room = 1 << 20
)

// recorded is the memory of the run that is under way. One is at a time.
var recorded []uint64

// last is what [Recorded] returned last, and shares that memory.
var last *memory

// Start has the next bubble of testing/synctest run by a seed and a schedule, and records its decisions. It does
// nothing without a deterministic runtime. The harness calls it; a test that makes its own bubbles calls it before each. One bubble can
// be under way at a time.
func Start(seed uint64, s Schedule) {
	if !detrt.Active() {
		return
	}
	if recorded == nil {
		recorded = make([]uint64, room*perDecision)
	}
	last.keep()
	last = nil
	clear(recorded[:decisions()*perDecision])
	detrt.Trace(recorded)
	detrt.Set(seed, s.For(seed).runtime())
}

// Active reports whether this program has a deterministic runtime.
func Active() bool { return detrt.Active() }

// decisions returns how many decisions of the last bubble are recorded. Each has an instant, which is not 0.
func decisions() (n uint64) {
	for n < uint64(len(recorded)/perDecision) && recorded[n*perDecision] != 0 {
		n++
	}
	return n
}

// Recorded returns what was decided so far in the bubble of the caller; nil without a deterministic runtime. Outside of
// a bubble it returns what was decided in the last one, as far as that was recorded, without Points: a bubble may be over because all of
// its goroutines are blocked.
func Recorded() *Trace {
	if !detrt.Active() {
		return nil
	}
	s := detrt.Read()
	if s.Steps == 0 {
		s.Steps = decisions()
		for i := range s.Steps {
			w := recorded[i*perDecision:][:perDecision]
			s.Hash = detrt.Mix(s.Hash ^ w[0] ^ w[3])
		}
	}
	n := min(s.Steps*perDecision, uint64(len(recorded)))
	last = &memory{words: recorded[:n:n], shared: true}
	return &Trace{Steps: s.Steps, Points: s.Points, Hash: s.Hash, memory: last}
}

// Len returns how many decisions can be looked at: the first million, or none after [Trace.Forget].
func (t *Trace) Len() int { return len(t.memory.keep()) / perDecision }

// At returns decision i, from 0 on.
func (t *Trace) At(i int) Decision { return decision(t.memory.keep()[i*perDecision:][:perDecision]) }

// decision reads the words of one.
func decision(w []uint64) Decision {
	return Decision{
		At: time.Duration(int64(w[0]) - epoch), Goroutine: w[2], Started: position(uintptr(w[1])),
		Ready: int(w[3] >> 32), Choice: int(uint32(w[3])),
	}
}

// position returns where a go statement stands.
func position(pc uintptr) string {
	if pc == 0 {
		return "the beginning"
	}
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if f.Function == "" {
		return fmt.Sprintf("%#x", pc)
	}
	return fmt.Sprintf("%s %s:%d", f.Function[strings.LastIndex(f.Function, "/")+1:], f.File[strings.LastIndex(f.File, "/")+1:], f.Line)
}

// Diff says what the first decision is in which two runs differ. It is empty if none does, or if either is nil.
func (t *Trace) Diff(u *Trace) string {
	if t == nil || u == nil || t.Hash == u.Hash && t.Steps == u.Steps {
		return ""
	}
	ours, theirs := t.memory.keep(), u.memory.keep()
	for i := 0; i < min(len(ours), len(theirs)); i += perDecision {
		if a, b := ours[i:][:perDecision], theirs[i:][:perDecision]; !slices.Equal(a, b) {
			return fmt.Sprintf("the scheduler's decision %d differs\n  first:  %v\n  second: %v", i/perDecision+1, decision(a), decision(b))
		}
	}
	if len(ours) == 0 || len(theirs) == 0 {
		return "the schedules differ, and the decisions of one run were not kept"
	}
	if len(ours) == room*perDecision {
		return fmt.Sprintf("the schedules differ, but not in the first %d decisions", room)
	}
	return fmt.Sprintf("one run has %d decisions and the other %d; they are alike up to there", t.Steps, u.Steps)
}

// MarshalBinary returns the trace for [Trace.UnmarshalBinary] in a process of the same program: it holds addresses.
func (t *Trace) MarshalBinary() ([]byte, error) {
	words := t.memory.keep()
	b := make([]byte, 0, 8*(3+len(words)))
	for _, w := range append([]uint64{t.Steps, t.Points, t.Hash}, words...) {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b, nil
}

// UnmarshalBinary reads what [Trace.MarshalBinary] returned.
func (t *Trace) UnmarshalBinary(b []byte) error {
	if len(b) < 8*3 || (len(b)-8*3)%(8*perDecision) != 0 {
		return fmt.Errorf("trace of a schedule: %d bytes are none", len(b))
	}
	var words []uint64
	for ; len(b) > 0; b = b[8:] {
		words = append(words, binary.LittleEndian.Uint64(b))
	}
	*t = Trace{Steps: words[0], Points: words[1], Hash: words[2], memory: &memory{words: words[3:]}}
	return nil
}

// Write writes the decisions, a line each.
func (t *Trace) Write(w io.Writer) error {
	for i := range t.Len() {
		if _, err := fmt.Fprintln(w, t.At(i)); err != nil {
			return fmt.Errorf("write schedule: %w", err)
		}
	}
	return nil
}
