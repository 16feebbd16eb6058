// Command speed measures how fast checked seeds are: in the working tree, and in another commit if one is named, both by turns:
//
//	go run ./internal/speed [-base COMMIT] [-turns N] [-systems LIST] [-long DURATION]
//
// It runs in the root of the repository. It compiles package measure in both trees, and prints for each system the virtual
// seconds that a second of processor time pays for, the bytes that are allocated for each call, and what a virtual second
// costs in a run of one minute and in a long one. All numbers are medians of the turns. A ratio is that of one turn, of which
// the median is printed.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	base    string
	turns   int
	seeds   int // 0: as many as the system has in seedsOf
	systems []string
	short   time.Duration
	long    time.Duration // 0: no long runs
}

// seedsOf is how many seeds a process runs: about a second of processor time.
var seedsOf = map[string]int{"raftkv": 12, "registerkv": 12, "primarykv": 12, "chainkv": 12, "quorumkv": 8, "crdtkv": 2}

func main() {
	var s settings
	flag.StringVar(&s.base, "base", "", "the commit that the working tree is compared with; default: none")
	flag.IntVar(&s.turns, "turns", 5, "how many times each side runs each system")
	flag.IntVar(&s.seeds, "seeds", 0, "how many seeds a process runs; 0: as many as take about a second")
	list := flag.String("systems", "raftkv,primarykv,registerkv,chainkv,quorumkv,crdtkv", "the systems, separated by commas")
	flag.DurationVar(&s.short, "short", time.Minute, "virtual time with faults")
	flag.DurationVar(&s.long, "long", 10*time.Minute, "virtual time with faults of the long runs; 0: there are none")
	flag.Parse()
	s.systems = strings.Split(*list, ",")
	if err := compare(os.Stdout, s); err != nil {
		fmt.Fprintf(os.Stderr, "speed: %v\n", err)
		os.Exit(1)
	}
}

// A cost is what package measure prints.
type cost struct {
	CPU     time.Duration
	Virtual time.Duration
	Calls   int
	Bytes   uint64
	Invalid int
}

func (c cost) speed() float64        { return c.Virtual.Seconds() / c.CPU.Seconds() }
func (c cost) bytesPerCall() float64 { return float64(c.Bytes) / float64(c.Calls) }

// compare prints a table, a line for each system.
func compare(w io.Writer, s settings) (err error) {
	if s.turns < 1 || s.seeds < 0 || s.short <= 0 {
		return fmt.Errorf("%d turns of %d seeds of %v: there is nothing to run", s.turns, s.seeds, s.short)
	}
	tmp, err := os.MkdirTemp("", "speed")
	if err != nil {
		return fmt.Errorf("make a folder for binaries: %w", err)
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(tmp)) }()
	now := filepath.Join(tmp, "now")
	if err := run(".", "go", "build", "-o", now, measured); err != nil {
		return err
	}
	base := ""
	if s.base != "" {
		base = filepath.Join(tmp, "base")
		if err := buildBase(s.base, filepath.Join(tmp, "tree"), base); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "| system | virtual s a CPU s, base | now | ratio | bytes a call, base | now | ratio | CPU µs a virtual s, %v | %v | ratio |\n", s.short, s.long)
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, system := range s.systems {
		row, err := measureSystem(s, system, base, now)
		if err != nil {
			return fmt.Errorf("%s: %w", system, err)
		}
		fmt.Fprintln(w, row)
	}
	return nil
}

// measured is the package that is compiled in both trees.
const measured = "./internal/speed/measure"

// buildBase compiles package measure in a tree of another commit.
func buildBase(commit, tree, to string) (err error) {
	if err := run(".", "git", "worktree", "add", "--quiet", "--detach", tree, commit); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run(".", "git", "worktree", "remove", "--force", tree)) }()
	source, err := os.ReadFile(filepath.Join(measured, "main.go"))
	if err != nil {
		return fmt.Errorf("read package measure: %w", err)
	}
	dir := filepath.Join(tree, measured)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make a folder for package measure: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o644); err != nil {
		return fmt.Errorf("copy package measure: %w", err)
	}
	return run(tree, "go", "build", "-o", to, measured)
}

func run(dir string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", strings.Join(args, " "), dir, err, out)
	}
	return nil
}

// measureSystem returns the line of a system. The side that goes first changes with each turn.
func measureSystem(s settings, system, base, now string) (string, error) {
	var before, after, long []cost
	for turn := range s.turns {
		sides := []side{{now, s.short, s.seedsFor(system), &after}}
		if base != "" {
			sides = append(sides, side{base, s.short, s.seedsFor(system), &before})
		}
		if s.long > 0 {
			sides = append(sides, side{now, s.long, max(2, int(int64(s.seedsFor(system))*int64(s.short)/int64(s.long))), &long})
		}
		if turn%2 == 1 {
			slices.Reverse(sides)
		}
		for _, x := range sides {
			c, err := x.measure(system)
			if err != nil {
				return "", err
			}
			*x.to = append(*x.to, c)
		}
	}
	return line(system, before, after, long), nil
}

func (s settings) seedsFor(system string) int { return cmp.Or(s.seeds, seedsOf[system], 1) }

// A side is one of the processes of a turn.
type side struct {
	file     string
	duration time.Duration
	seeds    int
	to       *[]cost
}

func (x side) measure(system string) (c cost, err error) {
	cmd := exec.Command(x.file, "-system", system, "-duration", x.duration.String(), "-seeds", strconv.Itoa(x.seeds))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("run %s: %w\n%s", filepath.Base(x.file), err, stderr.String())
	}
	if err := json.Unmarshal(out, &c); err != nil {
		return c, fmt.Errorf("read what %s printed: %w", filepath.Base(x.file), err)
	}
	if c.CPU <= 0 || c.Virtual <= 0 || c.Calls == 0 {
		return c, fmt.Errorf("%s measured nothing: %s", filepath.Base(x.file), out)
	}
	if c.Invalid > 0 {
		return c, fmt.Errorf("%s: %d of %d runs of %v are not valid", filepath.Base(x.file), c.Invalid, x.seeds, x.duration)
	}
	return c, nil
}

// line formats the line of a system; what was not measured stays empty.
func line(system string, before, after, long []cost) string {
	micros := func(c cost) float64 { return 1e6 / c.speed() }
	cells := []string{
		system, number(before, cost.speed), number(after, cost.speed), ratio(after, before, cost.speed),
		number(before, cost.bytesPerCall), number(after, cost.bytesPerCall), ratio(after, before, cost.bytesPerCall),
		number(after, micros), number(long, micros), ratio(long, after, micros),
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// number formats the median of a number.
func number(of []cost, f func(cost) float64) string {
	if len(of) == 0 {
		return ""
	}
	all := make([]float64, 0, len(of))
	for _, c := range of {
		all = append(all, f(c))
	}
	return strconv.FormatFloat(median(all), 'f', 0, 64)
}

// ratio formats the median of the ratios of two sides, turn by turn.
func ratio(of, to []cost, f func(cost) float64) string {
	if len(of) == 0 || len(to) == 0 {
		return ""
	}
	all := make([]float64, 0, len(of))
	for i := range of {
		all = append(all, f(of[i])/f(to[i]))
	}
	return strconv.FormatFloat(median(all), 'f', 2, 64)
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
