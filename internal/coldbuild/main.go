// Command coldbuild builds a command with an empty build cache, as its first run on a machine does,
// and says how much processor time that took and which packages took the most:
//
//	go run ./internal/coldbuild [-most SECONDS] PACKAGE
//
// It counts the time of processors, which other work on the machine changes little. Its exit code is 1
// if that is more than -most.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	most := flag.Duration("most", 90*time.Second, "the most processor time that the build may take: 45 s on two processors")
	flag.Parse()
	if err := build(os.Stdout, flag.Arg(0), *most); err != nil {
		fmt.Fprintf(os.Stderr, "coldbuild: %v\n", err)
		os.Exit(1)
	}
}

// build builds a package and reports on it.
func build(w io.Writer, pkg string, most time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "coldbuild")
	if err != nil {
		return fmt.Errorf("make a folder for the cache: %w", err)
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(dir)) }()
	graph := filepath.Join(dir, "graph.json")
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "built"), "-debug-actiongraph="+graph, pkg)
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	text, err := os.ReadFile(graph)
	if err != nil {
		return fmt.Errorf("read what the go command did: %w", err)
	}
	var all []action
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("read what the go command did: %w", err)
	}
	took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	printCosts(w, pkg, took, all)
	if took > most {
		return fmt.Errorf("%s are allowed", seconds(most))
	}
	return nil
}

// An action is one step of the go command, as its -debug-actiongraph has it.
type action struct {
	ID                       int
	Mode, Package            string
	Deps                     []int
	CmdReal, CmdUser, CmdSys time.Duration
}

func (a action) took() time.Duration { return a.CmdUser + a.CmdSys }

// listed is how many packages are listed.
const listed = 5

func printCosts(w io.Writer, pkg string, took time.Duration, all []action) {
	var names []string
	long, chain := longest(all)
	for _, a := range chain {
		if a.took() >= 500*time.Millisecond {
			names = append(names, a.Package)
		}
	}
	fmt.Fprintf(w, "%s with an empty build cache: %s of processor time\n", pkg, seconds(took))
	fmt.Fprintf(w, "%s of it one after the other: %s\n", seconds(long), strings.Join(names, ", "))
	dear := slices.SortedStableFunc(slices.Values(all), func(a, b action) int { return cmp.Compare(b.took(), a.took()) })
	for _, a := range dear[:min(listed, len(dear))] {
		fmt.Fprintf(w, "%8s  %s %s\n", seconds(a.took()), a.Mode, a.Package)
	}
}

// longest returns the actions of which each had to wait for the one before, and which took the longest together.
func longest(all []action) (total time.Duration, chain []action) {
	at, before, upTo := map[int]action{}, map[int]int{}, map[int]time.Duration{}
	for _, a := range all {
		at[a.ID] = a
	}
	var sum func(id int) time.Duration
	sum = func(id int) time.Duration {
		if d, ok := upTo[id]; ok {
			return d
		}
		most, last := time.Duration(0), -1
		for _, dep := range at[id].Deps {
			if d := sum(dep); d > most {
				most, last = d, dep
			}
		}
		before[id], upTo[id] = last, most+at[id].took()
		return upTo[id]
	}
	end := -1
	for _, a := range all {
		if d := sum(a.ID); d > total {
			total, end = d, a.ID
		}
	}
	for ; end >= 0; end = before[end] {
		chain = append(chain, at[end])
	}
	slices.Reverse(chain)
	return total, chain
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
