package cli

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/nemesis"
)

func TestSeedList(t *testing.T) {
	require.Equal(t, "", seedList(nil))
	require.Equal(t, "1–3 7 9–10", seedList([]uint64{1, 2, 3, 7, 9, 10}))
	var odd []uint64
	for i := range uint64(30) {
		odd = append(odd, 2*i+1)
	}
	require.Equal(t, "1 3 5 7 9 11 13 15 17 19 21 23 … and 18 more", seedList(odd))
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"plan.json": "plan.json", "a b": "'a b'", "": "''", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "a,b=c": "a,b=c",
	} {
		require.Equal(t, want, quoted(word))
	}
}

// TestPortable makes names for pages that others may read: without a path of this machine.
func TestPortable(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	t.Chdir(dir)
	for file, want := range map[string]string{
		"a.edn": "a.edn", "../x/a.edn": "../x/a.edn", "-": "-", "": "",
		filepath.Join(dir, "x", "a.edn"): "x/a.edn", filepath.Join(filepath.Dir(dir), "a.edn"): "a.edn",
	} {
		require.Equal(t, want, portable(file))
	}
	require.False(t, filepath.IsAbs(programName()))
}

// TestFolderName names folders by anything that users type.
func TestFolderName(t *testing.T) {
	for want, what := range map[string][]string{
		"raftkv-seed-1-0": {"raftkv", "", "seed-1"}, "cap-3+2-0": {"cap", "3|2"}, "a+b-0": {"../a/b"}, "0": {"", "…", "//"},
		strings.Repeat("x", maxName) + "-0": {strings.Repeat("x", 3*maxName)},
	} {
		require.Equal(t, want, folderName("0", what...))
	}
}

func TestCheckBug(t *testing.T) {
	s, err := systems.Find("raftkv")
	require.NoError(t, err)
	for list, want := range map[string]string{
		"": "", "none": "", "no-dedup": "no-dedup", "no-dedup, local-reads,no-dedup": "no-dedup,local-reads",
	} {
		got, err := s.ParseBugs(list)
		require.NoError(t, err)
		require.Equal(t, want, got, "%q", list)
	}
}

// TestCatalogue makes everything that the lists name.
func TestCatalogue(t *testing.T) {
	for _, s := range systems.All() {
		_, known, err := s.Build("")
		require.NoError(t, err)
		for w := range known {
			require.Contains(t, systems.Names(systems.Workloads()), w)
			for _, b := range append(s.Bugs, systems.Row{Name: "none"}) {
				_, err := newRunSpec(s.Name, b.Name, w)
				require.NoError(t, err)
			}
		}
	}
	for _, r := range systems.NemesisRows() {
		n, err := systems.FindNemesis(r.Name)
		require.NoError(t, err)
		require.NotEmpty(t, n.String())
	}
	for _, s := range sections {
		for _, r := range s.rows() {
			require.NotEmpty(t, r.Doc, "%s of %s", r.Name, s.name)
		}
	}
}

// TestMixKeepsItsParts shows that a nemesis injects at the same times whatever
// others it is mixed with, and that its plan is one.
func TestMixKeepsItsParts(t *testing.T) {
	steps := func(names string) map[int]nemesis.Step {
		n, err := systems.FindNemesis(names)
		require.NoError(t, err)
		p := n.Plan(5, time.Minute)
		require.NoError(t, p.Validate())
		byID := map[int]nemesis.Step{}
		last := time.Duration(0)
		for _, s := range p {
			require.GreaterOrEqual(t, s.At, last)
			last = s.At
			byID[s.ID] = s
		}
		return byID
	}
	two, three := steps("crash,slow"), steps("slow, partition,crash")
	require.NotEmpty(t, two)
	require.Greater(t, len(three), len(two))
	for id, s := range two {
		require.Equal(t, s, three[id])
	}
	require.Equal(t, steps("portfolio"), steps("all"))
	require.Equal(t, steps("crash,none"), steps("crash"))
}

// TestPanicIsAnError makes sure that a mistake of ours does not look like a verdict.
func TestPanicIsAnError(t *testing.T) {
	a := &app{in: nil, out: nil, err: io.Discard} // nothing to write to
	require.Equal(t, exitHarness, a.execute(context.Background(), []string{"list"}))
}
