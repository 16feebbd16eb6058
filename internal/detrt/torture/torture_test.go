//go:debug randseednop=0

package torture_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/capsize-go/capsize/internal/detrt/torture"
	"github.com/capsize-go/capsize/internal/overlay"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// needsRuntime skips a test without the deterministic runtime.
func needsRuntime(t *testing.T) {
	t.Helper()
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime: run it with capsize test")
	}
}

// schedules are those that a run of any kind must repeat under.
var schedules = []string{"first-come", "random/0", "random/1", "random/4", "priorities/32"}

// A setting is how a process runs. None may change its result.
type setting struct {
	env   []string
	noise bool
	race  bool
}

func (s setting) String() string { return fmt.Sprintf("%v noise=%v race=%v", s.env, s.noise, s.race) }

// settings returns all combinations of what a process may run with.
func settings(race bool) (all []setting) {
	for _, processors := range []string{"1", "2", "8"} {
		for _, collect := range []string{"10", "off"} {
			for _, aes := range []string{"", "cpu.aes=off"} {
				for _, noise := range []bool{false, true} {
					env := []string{"GOMAXPROCS=" + processors, "GOGC=" + collect, "GODEBUG=" + aes}
					all = append(all, setting{env, noise, false})
					if race {
						all = append(all, setting{env, noise, true})
					}
				}
			}
		}
	}
	return all
}

// A program is a test binary, built with the race detector or without.
type program struct{ plain, race string }

// start runs a process of its own and returns what it printed of its runs.
func (p program) start(t *testing.T, s setting, seeds, ops, order string) []string {
	t.Helper()
	file, more := p.plain, []string{}
	if s.race {
		file = p.race
	}
	if s.noise {
		more = append(more, "-noise")
	}
	cmd := exec.CommandContext(t.Context(), file, flags(seeds, ops, order, more...)...)
	cmd.Env = append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v, seeds %s: %v\n%s", s, seeds, err, out)
	}
	return runs(string(out))
}

// self is the program of this process.
func self(t *testing.T) program {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return program{plain: file}
}

// built builds this test with the overlay, but for some groups of edits.
func built(t *testing.T, dir string, race bool, skip ...string) string {
	t.Helper()
	tc, err := overlay.Installed(".")
	if err != nil {
		t.Fatal(err)
	}
	made, err := overlay.Make(filepath.Join(dir, "overlay"), tc, "", skip...)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, fmt.Sprintf("torture-%s-%v.exe", made.ID, race))
	cmd := tc.Command(".", "test", "-c", "-o", file, fmt.Sprintf("-race=%v", race), "-overlay="+made.List, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build without %v: %v\n%s", skip, err, out)
	}
	return file
}

// same fails t for each run of a process that is not as it was in another.
func same(t *testing.T, s setting, want, got []string) {
	t.Helper()
	if len(want) != len(got) || len(want) == 0 {
		t.Fatalf("%v: %d runs, and %d in the first process", s, len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("%v:\n  first:  %s\n  second: %s", s, want[i], got[i])
		}
	}
}

// TestTorture runs each operation by itself, and all together, in processes of their own: the result is up to the seed
// and the schedule. The long loop takes as many processes as CAPSIZE_SEEDS says, with the race detector, too.
func TestTorture(t *testing.T) {
	if tier.Sweeping() {
		dir := t.TempDir()
		p := program{plain: built(t, dir, false)}
		if race := canRace(); race {
			p.race = built(t, dir, true)
		} else {
			t.Log("without the race detector, which needs a C compiler")
		}
		campaign(t, p, settings(p.race != ""), tier.Seeds(t, 0, 0))
		return
	}
	needsRuntime(t)
	p := self(t)
	odd := setting{env: []string{"GOMAXPROCS=8", "GOGC=10", "GODEBUG=cpu.aes=off"}, noise: true}
	for i, order := range schedules {
		if i%2 == 1 || testing.Short() && i > 0 {
			continue
		}
		t.Run(order, func(t *testing.T) {
			for _, ops := range []string{"each", ""} {
				first := p.start(t, setting{env: []string{"GOMAXPROCS=1"}}, "7", ops, order)
				same(t, odd, first, p.start(t, odd, "7", ops, order))
			}
		})
	}
}

// canRace reports whether there is what the race detector needs.
func canRace() bool {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	return err == nil && strings.TrimSpace(string(out)) == "1" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")
}

// campaign starts n processes, with all settings and schedules in turn and a few seeds each.
func campaign(t *testing.T, p program, settings []setting, n int) {
	t.Helper()
	const seeds = 20
	type key struct{ seed, order, ops string }
	first := map[key][]string{}
	bad := 0
	for i := range n {
		s := settings[(i*7)%len(settings)]
		k := key{fmt.Sprint(1 + i/len(settings)%seeds), schedules[i%len(schedules)], []string{"", "each"}[i/len(schedules)%2]}
		if first[k] == nil {
			first[k] = p.start(t, setting{env: []string{"GOMAXPROCS=1"}}, k.seed, k.ops, k.order)
		}
		got := p.start(t, s, k.seed, k.ops, k.order)
		if !slices.Equal(first[k], got) {
			bad++
		}
		same(t, s, first[k], got)
	}
	t.Logf("%d of %d processes alike", n-bad, n)
}

// TestTwiceInAProcess runs two seeds in turn: what a process did before changes nothing, but for what it keeps.
func TestTwiceInAProcess(t *testing.T) {
	needsRuntime(t)
	p, s := self(t), setting{env: []string{"GOGC=50"}}
	ops := strings.Join(torture.Repeatable(), ",")
	for _, order := range schedules {
		if !tier.Sweeping() && order != "random/1" {
			continue
		}
		r := p.start(t, s, "7,8,7,8", ops, order)
		same(t, s, r[:2], r[2:])
		// What a process keeps changes its first run at most.
		r = p.start(t, s, "7,8,7,8", "", order)
		same(t, s, r[1:2], r[3:4])
	}
}

// TestGarbage stops timers by the thousand, again and again, while garbage is collected all the time: which of them leave
// their heap is not up to the collector.
func TestGarbage(t *testing.T) {
	needsRuntime(t)
	s := setting{env: []string{"GOMAXPROCS=8"}, noise: true}
	r := self(t).start(t, s, strings.Repeat("7,", tier.Seeds(t, 1, 2))+"7", "heap", "random/4")
	for _, other := range r {
		same(t, s, r[:1], []string{other})
	}
}

// TestSeed has a library seed the global source of the process, which makes one stream of it for all runs. In a bubble
// that has no effect.
func TestSeed(t *testing.T) {
	needsRuntime(t)
	torture.SeedGlobal(42)
	var lines []string
	for range 3 {
		schedule.Start(7, schedule.Random(4))
		synctest.Test(t, func(*testing.T) {
			lines = append(lines, strings.Join(torture.Run(torture.Config{Ops: []string{"randold", "randseeded"}, Goroutines: 2, Rounds: 4}).Lines, "\n"))
			torture.SeedGlobal(43)
		})
	}
	if lines[0] != lines[1] || lines[1] != lines[2] {
		t.Errorf("three runs of a seed differ:\n%s", strings.Join(lines, "\n\n"))
	}
}
