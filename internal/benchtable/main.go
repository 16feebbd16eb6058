// Command benchtable reads what go test -bench prints, passes it on, and ends with a table of
// the benchmarks that come in pairs: one of Capsize, whose name ends in /ours, and one of
// porcupine on the same histories.
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	groups, err := read(in, out)
	if err != nil || len(groups) == 0 {
		return err
	}
	_, err = io.WriteString(out, "\n"+table(groups))
	return err
}

// A side is what one of the two took.
type side struct {
	ms, bytes float64 // of CPU time a history, allocated a call
	stopped   bool    // it gave no answer
}

// A group is the loads of a model with the same number of calls.
type group struct {
	model string
	calls int
	loads map[string]map[string]side // by the rest of the load, and by who
}

var line = regexp.MustCompile(`^Benchmark\w+/([\w-]+)/n=(\d+)/(\S+)/(ours|porcupine)(?:-\d+)?\s+\d+\s+(.*)$`)

// read passes all lines on as they come.
func read(in io.Reader, out io.Writer) (groups []*group, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if _, err := fmt.Fprintln(out, lines.Text()); err != nil {
			return nil, err
		}
		m := line.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		calls, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, fmt.Errorf("calls of %s: %w", m[0], err)
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.model == m[1] && g.calls == calls })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{m[1], calls, map[string]map[string]side{}})
		}
		if groups[i].loads[m[3]] == nil {
			groups[i].loads[m[3]] = map[string]side{}
		}
		groups[i].loads[m[3]][m[4]] = side{metric(m[5], "cpu-ms/op"), metric(m[5], "B/call"), metric(m[5], "unanswered") > 0}
	}
	return groups, lines.Err()
}

// metric finds a number before its unit.
func metric(text, unit string) float64 {
	fields := strings.Fields(text)
	if i := slices.Index(fields, unit); i > 0 {
		x, err := strconv.ParseFloat(fields[i-1], 64)
		if err == nil {
			return x
		}
	}
	return 0
}

// A tally is the loads of a group, or of all, on one line.
type tally struct {
	ours, bytes, porcupine, faster []float64
	noAnswer, noAnswerOfPorcupine  int
}

func (t *tally) add(ours, porcupine side) {
	t.ours, t.bytes = append(t.ours, ours.ms), append(t.bytes, ours.bytes)
	t.porcupine = append(t.porcupine, porcupine.ms)
	if porcupine.stopped {
		t.noAnswerOfPorcupine++
	}
	switch {
	case ours.stopped && porcupine.stopped:
		t.noAnswer++
	case ours.stopped:
		t.noAnswer++
		t.faster = append(t.faster, 0)
	default:
		t.faster = append(t.faster, porcupine.ms/ours.ms)
	}
}

func (t *tally) row(model, calls string) string {
	return fmt.Sprintf("| %s | %s | %d | %s | %s | %s | %d | %d | %s | %s |\n", model, calls, len(t.ours),
		figure(median(t.ours))+", "+figure(slices.Max(t.ours)), figure(slices.Max(t.bytes)),
		figure(median(t.porcupine))+", "+figure(slices.Max(t.porcupine)), t.noAnswer, t.noAnswerOfPorcupine,
		figure(median(t.faster)), figure(least(t.faster)))
}

func table(groups []*group) string {
	var b strings.Builder
	b.WriteString("CPU ms a history (median and most of the loads). A load that porcupine did not answer counts with\n" +
		"the time after which it was stopped; one that neither answered is not compared.\n\n" +
		"| model | calls | loads | ours, ms | ours, most B a call | porcupine, ms | no answer | no answer of porcupine | times faster, median | least |\n" +
		"|---|---|---|---|---|---|---|---|---|---|\n")
	all := &tally{}
	for _, g := range groups {
		t := &tally{}
		for _, load := range sorted(g.loads) {
			ours, mine := g.loads[load]["ours"]
			porcupine, theirs := g.loads[load]["porcupine"]
			if mine && theirs {
				t.add(ours, porcupine)
				all.add(ours, porcupine)
			}
		}
		if len(t.ours) > 0 {
			b.WriteString(t.row(g.model, strconv.Itoa(g.calls)))
		}
	}
	if len(all.ours) > 0 {
		b.WriteString(all.row("all", ""))
	}
	return b.String()
}

func sorted(loads map[string]map[string]side) (names []string) {
	for name := range loads { // order: sorted below
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

func least(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	return slices.Min(x)
}

// figure writes a number with two digits, or all before the point.
func figure(x float64) string {
	if x >= 10 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.2g", x)
}
