// Package index keeps the page of a folder of reports: index.html, with all runs and sweeps of the folder.
//
// [Update] writes it anew from what the folders of the runs hold, so nothing is lost if it is deleted, and a folder that
// is deleted is gone from it.
package index

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/result"
)

// File is the name of the page.
const File = "index.html"

// Keep writes the result of a run beside its page, which is in a folder of its own, and then the index of the folder above.
func Keep(dir string, r result.Result) error { return keep(dir, r, time.Now()) }

func keep(dir string, r result.Result, now time.Time) error {
	if err := r.Write(dir, now); err != nil {
		return err
	}
	return Update(filepath.Dir(dir))
}

// Update writes the index of a folder of reports. Two processes may do that at once: each looks again after it has written,
// and writes again if there is more than it has seen.
func Update(dir string) error {
	for range 100 {
		seen, err := state(dir)
		if err != nil {
			return err
		}
		var page bytes.Buffer
		if err := Scan(dir).write(&page); err != nil {
			return err
		}
		if err := result.Replace(filepath.Join(dir, File), page.Bytes()); err != nil {
			return fmt.Errorf("index of the reports: %w", err)
		}
		now, err := state(dir)
		if err != nil || slices.Equal(seen, now) {
			return err
		}
	}
	return fmt.Errorf("index of the reports: %s changes all the time", dir)
}

// state lists what the index is made of: folders, and when their results were written.
func state(dir string) (all []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("index of the reports: %w", err)
	}
	for _, e := range entries {
		if !shown(e.Name()) {
			continue
		}
		line := e.Name()
		for _, file := range []string{result.File, result.SweepFile, savedrun.File} {
			if info, err := os.Stat(filepath.Join(dir, e.Name(), file)); err == nil {
				line += " " + info.ModTime().Format(time.RFC3339Nano)
			}
		}
		all = append(all, line)
	}
	return all, nil
}

// shown reports whether the index shows an entry of the folder: others are its own, or of runs in progress.
func shown(name string) bool { return name != File && !strings.HasPrefix(name, ".") }

// A Run is a run of the folder.
type Run struct {
	Folder string // its name
	Paged  bool   // whether it has a page; a run that was cut short by the end of its process has none
	result.Result
	When time.Time // zero if that is not known
}

// page returns the folder, if it has a page.
func (r Run) page() string {
	if r.Paged {
		return r.Folder
	}
	return ""
}

// A Sweep is a sweep of the folder.
type Sweep struct {
	Folder string
	result.Sweep
}

// A Folder is all that the index shows.
type Folder struct {
	Path    string   // of the folder, as commands are to name it
	Runs    []Run    // the newest first
	Sweeps  []Sweep  // the same
	Pages   []string // other pages: paths below the folder
	Skipped []string // what is no run, and why
}

// Scan reads the folder. What is damaged or no run is skipped, and named in Skipped.
func Scan(dir string) Folder {
	f := Folder{Path: dir}
	if !filepath.IsLocal(dir) {
		f.Path = filepath.Base(dir) // the page may be read on another machine
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.Skipped = append(f.Skipped, err.Error())
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case !shown(name):
		case e.IsDir():
			f.add(dir, name)
		case filepath.Ext(name) == ".html":
			f.Pages = append(f.Pages, name)
		}
	}
	newest := func(a, b time.Time) int { return b.Compare(a) }
	slices.SortStableFunc(f.Runs, func(a, b Run) int { return newest(a.When, b.When) })
	slices.SortStableFunc(f.Sweeps, func(a, b Sweep) int { return newest(when(a.Finished), when(b.Finished)) })
	return f
}

// add reads one folder.
func (f *Folder) add(dir, name string) {
	path := filepath.Join(dir, name)
	sweep, err := result.ReadSweep(path)
	if err == nil {
		f.Sweeps = append(f.Sweeps, Sweep{name, sweep})
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		f.skip(name, err)
		return
	}
	r, err := readRun(path)
	switch {
	case err == nil:
		r.Folder = name
		_, err = os.Stat(filepath.Join(path, File))
		if r.Paged = err == nil; r.Command == "" && !r.Paged {
			r.Command = "capsize replay " + quoted(f.Path+"/"+name)
		}
		f.Runs = append(f.Runs, r)
		return
	case !errors.Is(err, fs.ErrNotExist):
		f.skip(name, err)
		return
	}
	pages, _ := filepath.Glob(filepath.Join(escapeGlob(path), "*.html")) // the pattern is one
	for _, p := range pages {
		f.Pages = append(f.Pages, name+"/"+filepath.Base(p))
	}
	if len(pages) == 0 {
		f.Skipped = append(f.Skipped, name+": it has no "+result.File+" and no page")
	}
}

func escapeGlob(path string) string { return globSigns.ReplaceAllString(path, `\$0`) }

var globSigns = regexp.MustCompile(`[*?\[\\]`)

// skip notes why a folder is not shown, without the path of the machine.
func (f *Folder) skip(name string, err error) {
	text := err.Error()
	if i := strings.LastIndex(text, string(filepath.Separator)); i >= 0 {
		text = text[i+1:]
	}
	f.Skipped = append(f.Skipped, name+": damaged: "+text)
}

// readRun reads the result of a run, or what its run.json has, if it was written before there were results.
func readRun(dir string) (Run, error) {
	r, err := result.Read(dir)
	if err == nil {
		return Run{Result: r, When: when(r.Finished)}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Run{}, err
	}
	rec, file, err := savedrun.Read(filepath.Join(dir, savedrun.File))
	if err != nil {
		return Run{}, err
	}
	run := Run{Result: result.Result{
		System: rec.System, Bug: rec.Bug, Workload: rec.Workload, Nemesis: rec.Nemesis, Seed: rec.Seed, Verdict: rec.Verdict,
		Headline: rec.Verdict.String(), Reason: rec.Reason, Digest: rec.Digest, Title: cmp.Or(rec.Test, rec.Workload+" on "+rec.System),
	}}
	if info, err := os.Stat(file); err == nil {
		run.When = info.ModTime()
	}
	return run, nil
}

// when reads a time; it is zero if there is none.
func when(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// A Group is runs of one test that failed for one reason.
type Group struct {
	Title     string // of the test
	Bug       string
	Verdict   checker.Verdict
	Headline  string
	Reason    string   // of the first of them
	Signature string   // of all of them; empty if that is not known
	Members   []Member // in the order of the seeds
}

// A Member is one run of a group.
type Member struct {
	Seed    uint64
	Folder  string // of its page, or empty
	Command string
}

// Groups joins failures of one test that have one signature, or, of those without one, whose headlines and reasons differ in numbers only. Those with most members come first.
func (f Folder) Groups() []Group {
	kinds := map[string]*Group{}
	seen := map[string]bool{}
	for _, r := range f.Runs {
		if r.Verdict != checker.Valid {
			seen[r.Folder] = true
			addTo(kinds, Group{Title: r.Title, Bug: r.Bug, Verdict: r.Verdict, Headline: r.Headline, Reason: r.Reason, Signature: r.Signature}, Member{r.Seed, r.page(), r.Command})
		}
	}
	for _, s := range f.Sweeps {
		for _, x := range s.Seeds {
			if x.Verdict != checker.Valid && !seen[x.Folder] {
				addTo(kinds, groupOf(s.Sweep, x), Member{x.Seed, x.Folder, x.Command})
			}
		}
	}
	return inOrder(kinds)
}

// GroupSeeds joins the failures of one sweep as [Folder.Groups] does.
func GroupSeeds(s result.Sweep) []Group {
	kinds := map[string]*Group{}
	for _, x := range s.Seeds {
		if x.Verdict != checker.Valid {
			addTo(kinds, groupOf(s, x), Member{x.Seed, x.Folder, x.Command})
		}
	}
	return inOrder(kinds)
}

// groupOf returns the group of a failure of a sweep, without members.
func groupOf(s result.Sweep, x result.Seed) Group {
	return Group{Title: s.Title, Bug: s.Bug, Verdict: x.Verdict, Headline: x.Headline, Reason: x.Reason, Signature: x.Signature}
}

// addTo adds a member to the group of its kind.
func addTo(kinds map[string]*Group, g Group, m Member) {
	kind := fmt.Sprintf("%v\n%s\n%s\n%s", g.Verdict, g.Title, g.Bug, cmp.Or(g.Signature, g.Headline+"\n"+Kind(g.Reason)))
	if kinds[kind] == nil {
		kinds[kind] = &g
	}
	kinds[kind].Members = append(kinds[kind].Members, m)
}

func inOrder(kinds map[string]*Group) (all []Group) {
	for _, kind := range sorting.Keys(kinds) {
		g := *kinds[kind]
		slices.SortStableFunc(g.Members, func(a, b Member) int { return cmp.Compare(a.Seed, b.Seed) })
		all = append(all, g)
	}
	slices.SortStableFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(len(b.Members), len(a.Members)))
	})
	return all
}

// number matches what differs between two failures of one kind: numbers, times, names of nodes and keys with a number.
var number = regexp.MustCompile(`\d+([.,]\d+)*(ns|µs|ms|s|m|h)?(\d+(\.\d+)?s)?`)

// Kind returns a reason without its numbers: two runs with the same kind failed for the same reason.
func Kind(reason string) string { return number.ReplaceAllString(reason, "N") }

// A Pair is two runs of one seed, one with a bug and one without, or with two bugs.
type Pair struct{ A, B Run }

// Pairs lists the runs that differ in the bug only. The first of a pair is the one that found more.
func (f Folder) Pairs() (pairs []Pair) {
	same := map[string][]Run{}
	for _, r := range f.Runs {
		if r.Seed != 0 {
			key := fmt.Sprintf("%s\n%s\n%s\n%020d", r.System, r.Workload, r.Nemesis, r.Seed)
			same[key] = append(same[key], r)
		}
	}
	for _, key := range sorting.Keys(same) {
		runs := same[key]
		for i, a := range runs {
			for _, b := range runs[i+1:] {
				if a.Bug == b.Bug {
					continue
				}
				p := Pair{a, b}
				if b.Verdict > a.Verdict || b.Verdict == a.Verdict && b.Bug > a.Bug {
					p = Pair{b, a}
				}
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// ComparePage returns the name of the page in the folder of reports that compares two of its runs, as the index looks for it.
func ComparePage(a, b string) string {
	return "compare-" + savedrun.ID(filepath.Base(a), filepath.Base(b)) + ".html"
}
