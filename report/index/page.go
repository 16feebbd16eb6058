package index

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report"
)

//go:embed assets/index.tmpl
var text string

var tmpl = template.Must(template.New("index").Parse(text))

// The page stays readable for a folder of any size.
const (
	maxRuns    = 2000
	maxCells   = 1000 // of a sweep, without its failures
	maxGroups  = 100
	maxMembers = 40
	maxPairs   = 100
	maxSystems = 20
)

// A view is the data of the template.
type view struct {
	Style     template.CSS
	Counts    string
	Groups    []groupView
	Sweeps    []sweepView
	Pairs     []pairView
	PairsNote string
	Runs      []runView
	RunsNote  string
	Verdicts  []choice
	Systems   []choice
	Pages     []link
	Skipped   []string
	MostCells int
	Empty     bool
}

type groupView struct {
	Verdict, Sign    string
	Title            string
	Headline, Reason string
	Count, More      int
	Members          []link
}

type sweepView struct {
	Title, Counts, When, Command string
	Cells                        []cellView
	More                         int
}

type cellView struct {
	Seed                               uint64
	Verdict, Sign, Hint, Href, Command string
}

type pairView struct {
	Seed          uint64
	A, B          side
	Href, Command string
}

type side struct{ Name, Href, Verdict, Sign string }

type runView struct {
	Verdict, Sign, Title, Bug, Nemesis, Seed, Headline, Reason, When, Command, Href string
	System                                                                          int // number of its choice
}

type choice struct {
	Number, Count int
	Name, Sign    string
}

type link struct{ Name, Href string }

// write writes the page.
func (f Folder) write(w io.Writer) error {
	if err := tmpl.Execute(w, f.view()); err != nil {
		return fmt.Errorf("write index of the reports: %w", err)
	}
	return nil
}

func (f Folder) view() view {
	v := view{Style: report.Stylesheet(), MostCells: maxCells, Empty: len(f.Runs)+len(f.Sweeps) == 0}
	v.Counts = f.counts()
	groups := f.Groups()
	for _, g := range groups[:min(len(groups), maxGroups)] {
		v.Groups = append(v.Groups, g.view())
	}
	for _, s := range f.Sweeps {
		v.Sweeps = append(v.Sweeps, s.view())
	}
	pairs := f.Pairs()
	for _, p := range pairs[:min(len(pairs), maxPairs)] {
		v.Pairs = append(v.Pairs, p.view(f))
	}
	v.PairsNote = leftOut(len(pairs), maxPairs, "pairs")
	v.Verdicts, v.Systems = f.choices()
	for _, r := range f.Runs[:min(len(f.Runs), maxRuns)] {
		v.Runs = append(v.Runs, r.view(v.Systems))
	}
	v.RunsNote = leftOut(len(f.Runs), maxRuns, "runs, the newest first,")
	linked := map[string]bool{}
	for _, p := range v.Pairs {
		linked[p.Href] = true
	}
	for _, name := range f.Pages {
		if linked[href(name)] {
			continue
		}
		v.Pages = append(v.Pages, link{report.Clean(name, 200), href(name)})
	}
	for _, s := range f.Skipped {
		v.Skipped = append(v.Skipped, report.Clean(s, 300))
	}
	return v
}

// leftOut says how much of a list is not shown.
func leftOut(n, most int, things string) string {
	if n <= most {
		return ""
	}
	return fmt.Sprintf("The first %d %s of %d; the folders have them all.", most, things, n)
}

// counts says how many runs came out how.
func (f Folder) counts() string {
	var n [3]int
	for _, r := range f.Runs {
		n[min(int(r.Verdict), 2)]++
	}
	text := countsOf(n)
	if len(f.Sweeps) == 1 {
		text += " · 1 sweep"
	} else if len(f.Sweeps) > 1 {
		text += fmt.Sprintf(" · %d sweeps", len(f.Sweeps))
	}
	return text
}

func countsOf(n [3]int) string {
	var parts []string
	for v := checker.Invalid; ; v-- {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %v", n[v], v))
		}
		if v == checker.Valid {
			break
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// choices lists what runs can be filtered by.
func (f Folder) choices() (verdicts, systems []choice) {
	var n [3]int
	of := map[string]int{}
	for _, r := range f.Runs {
		n[min(int(r.Verdict), 2)]++
		of[r.System]++
	}
	for _, v := range []checker.Verdict{checker.Invalid, checker.Unknown, checker.Valid} {
		verdicts = append(verdicts, choice{Name: v.String(), Sign: sign(v), Count: n[v]})
	}
	for i, name := range sorting.Keys(of) {
		if len(of) > 1 && i < maxSystems {
			systems = append(systems, choice{Number: i + 1, Name: name, Count: of[name]})
		}
	}
	return verdicts, systems
}

func (g Group) view() groupView {
	v := groupView{Verdict: g.Verdict.String(), Sign: sign(g.Verdict), Title: testOf(g.Title, g.Bug), Headline: report.Clean(g.Headline, 200), Reason: report.Clean(g.Reason, 600), Count: len(g.Members)}
	for i, m := range g.Members {
		if i == maxMembers {
			v.More = len(g.Members) - i
			break
		}
		name := fmt.Sprint("seed ", m.Seed)
		if m.Seed == 0 {
			name = "its page"
		}
		v.Members = append(v.Members, link{name, pageOf(m.Folder)})
	}
	return v
}

func (s Sweep) view() sweepView {
	v := sweepView{Title: report.Clean(s.title(), 200), When: date(when(s.Finished)), Command: report.Clean(s.Command, 2000)}
	var n [3]int
	for _, x := range s.Seeds {
		n[min(int(x.Verdict), 2)]++
		if x.Verdict == checker.Valid && len(v.Cells) >= maxCells || len(v.Cells) >= 2*maxCells {
			v.More++
			continue
		}
		c := cellView{Seed: x.Seed, Verdict: x.Verdict.String(), Sign: sign(x.Verdict), Href: pageOf(x.Folder), Command: report.Clean(x.Command, 2000)}
		c.Hint = fmt.Sprintf("seed %d: %v", x.Seed, x.Verdict)
		if x.Headline != "" {
			c.Hint = fmt.Sprintf("seed %d: %s", x.Seed, report.Clean(x.Headline, 200))
		}
		v.Cells = append(v.Cells, c)
	}
	v.Counts = countsOf(n)
	if left := s.Wanted - len(s.Seeds); left > 0 {
		v.Counts += fmt.Sprintf("; interrupted after %d of %d", len(s.Seeds), s.Wanted)
	}
	return v
}

// title says what was run.
func (s Sweep) title() string {
	return testOf(s.Title, s.Bug) + ", nemesis " + s.Nemesis
}

// testOf names a test with its bug, if it has one.
func testOf(title, bug string) string {
	if bug != "" {
		title += ", bug " + bug
	}
	return report.Clean(title, 200)
}

func (p Pair) view(f Folder) pairView {
	v := pairView{Seed: p.A.Seed, A: sideOf(p.A), B: sideOf(p.B)}
	name := ComparePage(p.A.Folder, p.B.Folder)
	in := func(name string) string { return quoted(path.Join(filepath.ToSlash(f.Path), name)) }
	v.Command = fmt.Sprintf("capsize diff %s %s --html %s", in(p.A.Folder), in(p.B.Folder), in(name))
	if slices.Contains(f.Pages, name) {
		v.Href = href(name)
	}
	return v
}

// quoted quotes the name of a folder for a shell; those that Capsize makes need it only where a test has an odd name.
func quoted(name string) string {
	if strings.Trim(name, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") == "" && !strings.HasPrefix(name, "-") {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

func sideOf(r Run) side {
	name := "without a bug"
	if r.Bug != "" {
		name = "with " + report.Clean(r.Bug, 80)
	}
	return side{report.Clean(r.System, 80) + " " + name, pageOf(r.page()), r.Verdict.String(), sign(r.Verdict)}
}

func (r Run) view(systems []choice) runView {
	v := runView{
		Verdict: r.Verdict.String(), Sign: sign(r.Verdict), Title: report.Clean(r.Title, 120), Bug: report.Clean(r.Bug, 80), Nemesis: report.Clean(r.Nemesis, 120),
		Headline: report.Clean(r.Headline, 200), Reason: report.Clean(r.Reason, 600), When: date(r.When), Command: report.Clean(r.Command, 2000), Href: pageOf(r.page()),
	}
	if v.Title == "" {
		v.Title = report.Clean(r.Folder, 120)
	}
	if r.Seed != 0 {
		v.Seed = fmt.Sprint(r.Seed)
	}
	if v.Headline == v.Verdict {
		v.Headline = ""
	}
	for _, c := range systems {
		if c.Name == r.System {
			v.System = c.Number
		}
	}
	return v
}

// sign is the shape of a verdict.
func sign(v checker.Verdict) string { return [...]string{"✓", "?", "✗"}[min(int(v), 2)] }

// date formats a time; it is empty if that is not known.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// pageOf returns the link to the page of a folder; it is empty if there is no folder.
func pageOf(folder string) string {
	if folder == "" {
		return ""
	}
	return href(folder + "/" + File)
}

// href returns the link to a file below the folder of the index.
func href(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "./" + strings.Join(parts, "/")
}
