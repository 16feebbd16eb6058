package capsize_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster/raftkv"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// TestBugTable prints how many of CAPSIZE_TABLE seeds find each bug of raftkv
// under each preset, as the rows of a table in Markdown: those of docs/bugs.md.
// The last column heals only a core. CAPSIZE_BUGS and CAPSIZE_PRESETS, lists of
// names, leave others out; the bug "none" is the store without any.
func TestBugTable(t *testing.T) {
	seeds, err := strconv.Atoi(os.Getenv("CAPSIZE_TABLE"))
	if err != nil {
		t.Skip("CAPSIZE_TABLE=20 go test -run TestBugTable -v .")
	}
	names, _ := raftkv.BugNames()
	names = chosen("CAPSIZE_BUGS", append([]string{"none"}, names...))
	var presets []string
	for _, p := range nemesis.Presets() {
		presets = append(presets, p.Name)
	}
	presets = chosen("CAPSIZE_PRESETS", append(presets, "core"))
	fmt.Printf("| bug | %s |\n|---|%s\n", strings.Join(presets, " | "), strings.Repeat("---|", len(presets)))
	for _, name := range names {
		row := "| " + name
		for _, preset := range presets {
			row += " | " + tableCell(t, name, preset, seeds)
		}
		fmt.Println(row + " |")
	}
}

func chosen(variable string, all []string) []string {
	if list := os.Getenv(variable); list != "" {
		return strings.Split(list, ",")
	}
	return all
}

// tableCell returns how many seeds find the bug; and of how many the verdict is
// unknown, if there are any.
func tableCell(t *testing.T, bug, preset string, seeds int) string {
	t.Helper()
	bugs, err := raftkv.ParseBug(bug)
	require.NoError(t, err)
	store := raftkv.Store{Bugs: bugs}
	test := capsize.Test{System: store, Workload: workloads.Register(store.Open), Rate: 50, Stall: 5 * time.Second}
	if preset == "core" {
		test.Core, test.Nemesis = true, nemesis.Every(10*time.Second, nemesis.Partitions())
	} else {
		p, err := nemesis.FindPreset(preset)
		require.NoError(t, err)
		test.Nemesis = p.With(raftkv.ElectionTimeout)
	}
	found, unknown := 0, 0
	for seed := range seeds {
		test.Seed = uint64(seed + 1)
		r, err := capsize.Exec(t.Context(), t, test)
		require.NoError(t, err)
		switch r.Verdict {
		case checker.Invalid:
			found++
			if bug == "none" {
				t.Logf("%s seed %d: %s", preset, test.Seed, r.Reason)
			}
		case checker.Unknown:
			unknown++
			t.Logf("%s, %s seed %d: %s", bug, preset, test.Seed, r.Reason)
		}
		if r.Stopped != nil { // a goroutine that never blocks may be left
			break
		}
	}
	if unknown > 0 {
		return fmt.Sprintf("%d (%d?)", found, unknown)
	}
	return strconv.Itoa(found)
}
