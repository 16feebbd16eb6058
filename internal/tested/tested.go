// Package tested says in a few rows what a run put to the test. The rows are for a page: at most eight, and their sums agree.
package tested

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// Most is how many rows there are at most.
const Most = 8

// Counts are what a run counted.
type Counts struct {
	OK, Info, Fail int            // calls by their outcome
	Overlapped     int            // calls during which some fault was active
	Faults         map[string]int // faults that were injected, by name
	Idle           int            // faults of the plan that were not injected
	LeaderChanges  int
	Crashes        int
	BytesLost      int64 // written, and not synced before a crash
	Sent           int   // messages
	Cut            int   // of these, lost to a cut link,
	Lost           int   // to a lossy one,
	Dead           int   // to a host that was down
	Effects        []Effect
	Marks          map[string]int // how often a node came by, by the marks that the system sets
	Missed         []string       // marks that were to be reached and never were
}

// An Effect is what faults of one name did.
type Effect struct {
	Fault string // "crash"
	What  string // "writes without space"
	Count int64
}

// A Row is one thing that was tested, or should have been.
type Row struct {
	OK         bool
	What, Note string
}

// Rows returns the rows, what matters most first.
func Rows(c Counts) []Row {
	rows := []Row{
		{c.OK > 0, plural(c.OK+c.Info+c.Fail, "call"), fmt.Sprintf("%s ok, %s indeterminate, %s failed; %s overlapped a fault", words.Count(c.OK), words.Count(c.Info), words.Count(c.Fail), words.Count(c.Overlapped))},
		faultRow(c),
	}
	var not []string
	if lost := c.Cut + c.Lost + c.Dead; lost > 0 {
		rows = append(rows, Row{true, fmt.Sprintf("%s of %s lost", words.Count(lost), plural(c.Sent, "message")),
			fmt.Sprintf("%s cut, %s by chance, %s to hosts that were down", words.Count(c.Cut), words.Count(c.Lost), words.Count(c.Dead))})
	} else {
		not = append(not, "lost messages")
	}
	if c.Crashes > 0 {
		rows = append(rows, Row{true, plural(c.Crashes, "crash"), plural(int(c.BytesLost), "byte") + " lost that were not synced"})
	} else {
		not = append(not, "crashes")
	}
	if c.LeaderChanges > 0 {
		rows = append(rows, Row{true, plural(c.LeaderChanges, "leader change"), ""})
	} else {
		not = append(not, "leader changes")
	}
	if text := otherEffects(c); text != "" {
		rows = append(rows, Row{true, "other effects of faults", text})
	}
	if text := marks(c); text != "" {
		rows = append(rows, Row{true, "marks of the system", text})
	}
	if len(c.Missed) > 0 {
		rows = append(rows, Row{false, "never reached", strings.Join(c.Missed, ", ")})
	}
	if len(not) > 0 {
		rows = append(rows, Row{false, "not tested", strings.Join(not, ", ")})
	}
	return rows
}

// faultRow says which faults were injected, by kind.
func faultRow(c Counts) Row {
	kinds, total := map[string]int{}, 0
	for _, name := range sorting.Keys(c.Faults) {
		kinds[kindOf(name)] += c.Faults[name]
		total += c.Faults[name]
	}
	idle := ""
	if c.Idle > 0 {
		idle = plural(c.Idle, "fault") + " not injected: no occasion came, or no node may be harmed"
	}
	if total == 0 {
		if idle == "" {
			idle = "nothing went wrong, so little was tested"
		}
		return Row{false, "no faults", idle}
	}
	names := sorting.Keys(kinds)
	sorting.Stable(names, func(a, b string) int { return cmp.Compare(kinds[b], kinds[a]) })
	var parts []string
	for i, name := range names {
		if i == 4 && len(names) > 5 {
			others := 0
			for _, n := range names[i:] {
				others += kinds[n]
			}
			parts = append(parts, fmt.Sprintf("%s of other kinds", words.Count(others)))
			break
		}
		parts = append(parts, plural(kinds[name], name))
	}
	note := strings.Join(parts, ", ")
	if idle != "" {
		note += "; " + idle
	}
	return Row{c.Overlapped > 0, plural(total, "fault"), note}
}

// families are kinds of fault, by the beginning of the name of a fault.
var families = []struct{ prefix, kind string }{
	{"partition", "partition"}, {"crash in a write", "crash in a write"}, {"crash", "crash"}, {"power cut", "power cut"}, {"kill", "kill"}, {"pause", "pause"}, {"reconfigure", "member change"},
	{"lossy", "spell of lossy links"}, {"latency", "spell of latency"}, {"slow", "spell of slowness"}, {"clock", "wrong clock"}, {"half-open", "half-open link"},
	{"duplicates", "spell of duplicates"}, {"reorders", "spell of reordering"}, {"corrupts", "spell of corruption"}, {"bandwidth", "spell of low bandwidth"},
}

func kindOf(fault string) string {
	for _, f := range families {
		if strings.HasPrefix(fault, f.prefix) {
			return f.kind
		}
	}
	return "“" + fault + "”"
}

// counted are effects that the rows of messages and crashes have.
var counted = []string{"messages cut", "messages lost", "messages to hosts that were down", "hosts crashed", "bytes lost at a crash"}

// otherEffects lists the effects of faults that no other row has.
func otherEffects(c Counts) string {
	sums := map[string]int64{}
	var order []string
	for _, e := range c.Effects {
		if e.Count == 0 || slices.Contains(counted, e.What) {
			continue
		}
		if _, ok := sums[e.What]; !ok {
			order = append(order, e.What)
		}
		sums[e.What] += e.Count
	}
	var parts []string
	for _, what := range order {
		parts = append(parts, words.Count(int(sums[what]))+" "+what)
	}
	return strings.Join(parts, "; ")
}

func marks(c Counts) string {
	var parts []string
	for _, m := range sorting.Keys(c.Marks) {
		if c.Marks[m] > 0 {
			parts = append(parts, m+" "+words.Count(c.Marks[m])+"×")
		}
	}
	return strings.Join(parts, ", ")
}

// plural formats n of a thing.
func plural(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "”"):
		return words.Count(n) + " × " + thing
	case strings.HasPrefix(thing, "spell of "):
		return words.Count(n) + " spells of " + strings.TrimPrefix(thing, "spell of ")
	case thing == "crash in a write":
		return words.Count(n) + " crashes in a write"
	case strings.HasSuffix(thing, "sh"):
		return words.Count(n) + " " + thing + "es"
	}
	return words.Count(n) + " " + thing + "s"
}
