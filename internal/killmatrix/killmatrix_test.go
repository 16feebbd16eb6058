package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/tier"
)

const testdata = "testdata"

// TestPage holds the page to what was measured.
func TestPage(t *testing.T) {
	tier.SkipComputing(t)
	m, err := readMatrix(testdata)
	require.NoError(t, err)
	_, inside, _, err := readPage(filepath.Join("../..", page))
	require.NoError(t, err)
	assert.Equal(t, m.markdown(), inside, "go run ./internal/killmatrix -page")
}

// TestMatrix asks of what was measured that it has at least 45 planted bugs, that nearly all are found within 10,000 seeds, and that nothing
// was found where no bug is.
func TestMatrix(t *testing.T) {
	m, err := readMatrix(testdata)
	require.NoError(t, err)
	bugs, within := 0, 0
	for _, b := range everything() {
		for i, tr := range b.Searches {
			c := m.cells.of(b, tr)
			if !b.planted() {
				assert.Zero(t, c.Found, "%s under %s", b.id(), tr.Label)
				continue
			}
			if i > 0 {
				continue
			}
			bugs++
			if median, _, _ := c.toFind(); median <= 10_000 {
				within++
			}
			assert.NotEmpty(t, b.Does, b.id())
		}
	}
	assert.GreaterOrEqual(t, bugs, 45)
	assert.GreaterOrEqual(t, float64(within), 0.95*float64(bugs), "%d of %d", within, bugs)
}

// TestFloors fails when power is lost: each bug that is found in little time is found within its floor. The long loop checks all.
func TestFloors(t *testing.T) {
	tier.SkipRepeats(t) // the tests of the systems
	cpu := 8.0
	switch {
	case tier.Sweeping():
		cpu = 0
	case testing.Short():
		cpu = 2
	}
	require.NoError(t, checkFloors(t.Context(), t, testdata, "", cpu))
}

// TestFloorsAreHeld has a floor for each bug that was found, and reports one that is not met.
func TestFloorsAreHeld(t *testing.T) {
	n, err := openNotebook(testdata)
	require.NoError(t, err)
	floors, err := readFloors(testdata)
	require.NoError(t, err)
	for _, b := range all() {
		if c := n.of(b, b.Searches[0]); b.planted() && c.Found > 0 {
			assert.GreaterOrEqual(t, floors[b.id()], c.took(), "%s: go run ./internal/killmatrix -floors", b.id())
		}
	}
	b, tr, err := findSearch("localcache/none", "")
	require.NoError(t, err)
	require.NotNil(t, tr.Test)
	_, err = patrol{bug: b, most: 2}.find(t.Context(), t)
	assert.ErrorContains(t, err, "localcache/none: none of the seeds 1 to 2 finds it")
}

// digestOf returns the digest of the history that the command capsize prints.
func digestOf(t *testing.T, args []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"run", "../../cmd/capsize"}, append(args, "--json", "--report", "")...)...)
	out, err := cmd.Output()
	var run struct{ Digest string }
	require.NoError(t, json.Unmarshal(out, &run), "%s, %v", out, err)
	return run.Digest
}

// TestCatalogTestIsTheCommands makes the run that the command capsize makes of the same flags.
func TestCatalogTestIsTheCommands(t *testing.T) {
	o := options{duration: 4 * time.Second, timeout: 300 * time.Millisecond, rate: 50, core: true}
	assert.Equal(t, "capsize run --system raftkv --bug local-reads --nemesis partition --duration 4s --timeout 300ms --rate 50 --core --seed 7",
		ofCatalog("raftkv", "local-reads", "partition", o).Command(7))
	faults, again, err := parseLabel("partition" + o.label())
	require.NoError(t, err)
	assert.Equal(t, "partition", faults)
	assert.Equal(t, o, again)
	for bug, label := range best {
		faults, o, err := parseLabel(label)
		require.NoError(t, err, bug)
		assert.Equal(t, label, faults+o.label(), "the label of %s in its usual form", bug)
	}
	_, _, err = parseLabel("partition, nodes 3")
	require.ErrorContains(t, err, `there is no flag "nodes"`)
	if testing.Short() {
		t.Skip("it links the command")
	}
	test, err := catalogTest("raftkv", "local-reads", "partition", o)
	require.NoError(t, err)
	test.Seed = 7
	r, err := capsize.Exec(t.Context(), t, test)
	require.NoError(t, err)
	digest, err := r.Digest()
	require.NoError(t, err)
	assert.Equal(t, digestOf(t, strings.Fields(ofCatalog("raftkv", "local-reads", "partition", o).Command(7))[1:]), digest)
}

// TestChance compares intervals with published ones.
func TestChance(t *testing.T) {
	for _, x := range []struct {
		found, n  int
		low, high float64
	}{
		{0, 10, 0, 0.3085}, {10, 10, 0.6915, 1}, {1, 10, 0.0025, 0.4450}, {5, 10, 0.1871, 0.8129}, {20, 100, 0.1267, 0.2918}, {54, 2000, 0.0203, 0.0351},
	} {
		i := chanceOf(x.found, x.n)
		assert.InDelta(t, x.low, i.low, 1e-4, "%d of %d", x.found, x.n)
		assert.InDelta(t, x.high, i.high, 1e-4, "%d of %d", x.found, x.n)
	}
	assert.InDelta(t, 1, seedsFor(0.5, 0.5), 0)
	assert.InDelta(t, 69, seedsFor(0.01, 0.5), 0)
	assert.True(t, math.IsInf(seedsFor(0, 0.5), 1))
	_, _, text := cell{Seeds: 100}.toFind()
	assert.Equal(t, "more than 19", text)
	_, _, text = cell{Seeds: 100, Found: 1}.toFind()
	assert.Equal(t, "69 (13 to 2738)", text)
	_, _, text = cell{Seeds: 50, Found: 50}.toFind()
	assert.Equal(t, "1", text)
}

// TestMeasureGoesOn measures a cell in two turns, which come to the same as one, and keeps a file of them.
func TestMeasureGoesOn(t *testing.T) {
	b, tr, err := findSearch("cachekv/set-after", "")
	require.NoError(t, err)
	dir := t.TempDir()
	n, err := openNotebook(dir)
	require.NoError(t, err)
	require.NoError(t, measure(t.Context(), t, b, tr, n.of(b, tr), goal{2, 100}, n.add))
	require.Equal(t, 2, n.of(b, tr).Seeds)
	n, err = openNotebook(dir)
	require.NoError(t, err)
	require.NoError(t, measure(t.Context(), t, b, tr, n.of(b, tr), goal{5, 100}, n.add))
	parts := n.of(b, tr)
	var whole cell
	require.NoError(t, measure(t.Context(), t, b, tr, cell{Bug: b.id(), Search: tr.Label}, goal{5, 100}, func(c cell) error { whole = c; return nil }))
	parts.CPU, whole.CPU = 0, 0
	assert.Equal(t, whole, parts)
	assert.Positive(t, whole.Found)
	require.NoError(t, n.tidy([]bug{b}))
	list, err := readLines[cell](filepath.Join(dir, cellsFile))
	require.NoError(t, err)
	assert.Len(t, list, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, cellsFile), []byte("{\"bug\":\"x\"}\n{"), 0o644))
	_, err = openNotebook(dir)
	require.ErrorContains(t, err, "cells.jsonl, after line 1")
}

// TestShrinkOne minimises a failure.
func TestShrinkOne(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	b, tr, err := findSearch("lease/outlived", "")
	require.NoError(t, err)
	var s shrunk
	require.NoError(t, shrinkOne(t.Context(), t, b, tr, cell{First: 1}, func(x shrunk) error { s = x; return nil }))
	require.Empty(t, s.Failed)
	assert.LessOrEqual(t, s.After.Faults, 2)
	assert.Less(t, s.After.Operations, s.Before.Operations)
}

// TestFind names bugs and systems.
func TestFind(t *testing.T) {
	list, err := find("once,raftkv/stale-vote")
	require.NoError(t, err)
	assert.Len(t, list, 5)
	_, err = find("raftkv/stale")
	require.ErrorContains(t, err, `no bug or system "raftkv/stale"`)
	_, _, err = findSearch("once/no-table", "x")
	require.Error(t, err)
	ids := map[string]bool{}
	for _, b := range everything() {
		assert.False(t, ids[b.id()], b.id())
		ids[b.id()] = true
	}
	for id := range precedents {
		assert.True(t, ids[id], "%s is the precedent of no bug", id)
	}
	assert.Equal(t, checker.Invalid, firings()[0].verdict)
}

// TestWork is what a process does with a task: it measures the cell, or minimises its first failure.
func TestWork(t *testing.T) {
	b, tr, err := findSearch("cachekv/let-expire", "")
	require.NoError(t, err)
	c := cell{Bug: b.id(), Search: tr.Label}
	var in, out bytes.Buffer
	require.NoError(t, json.NewEncoder(&in).Encode(task{Cell: c, Seeds: 3, Found: 2}))
	require.NoError(t, work(t.Context(), t, &in, &out))
	require.NoError(t, passOn(&out, func(x cell) error { c = x; return nil }))
	assert.Equal(t, 2, c.Found)
	require.NoError(t, json.NewEncoder(&in).Encode(task{Cell: c, Shrink: true}))
	require.NoError(t, work(t.Context(), t, &in, &out))
	var s shrunk
	require.NoError(t, passOn(&out, func(x shrunk) error { s = x; return nil }))
	assert.Equal(t, c.First, s.Seed)
	assert.Less(t, s.After.Operations, 10)
	require.NoError(t, appendLine(filepath.Join(t.TempDir(), shrunkFile), s))
	c.First = s.Seed
	_, ok := shrunkOf([]shrunk{s}, b, c)
	assert.True(t, ok)
	in.WriteString("{")
	require.ErrorContains(t, work(t.Context(), t, &in, &out), "read the task")
	in.Reset()
	require.NoError(t, json.NewEncoder(&in).Encode(task{Cell: cell{Bug: "x/y"}}))
	require.ErrorContains(t, work(t.Context(), t, &in, &out), `there is no bug "x/y"`)
}
