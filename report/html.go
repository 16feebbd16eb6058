package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/internal/sequence"
)

//go:embed assets
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "assets/page.tmpl", "assets/run.tmpl", "assets/first.tmpl"))

const (
	maxPlanRows  = 200
	maxParts     = 12 // of a check
	maxPageStack = 200
	maxFindings  = 50
)

// HTML writes the page of a run: one file that needs no network and no script.
// The page stays below two megabytes for histories of any length, and says
// where it leaves things out.
func HTML(w io.Writer, run Run) error {
	css, err := styleSheet()
	if err != nil {
		return err
	}
	v := newView(run)
	v.Style = css
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("write page of the report: %w", err)
	}
	return nil
}

// styleSheet joins the style sheets: page.css, which has the colours, and then the others by name.
func styleSheet() (template.CSS, error) {
	names, err := fs.Glob(assets, "assets/*.css")
	if err != nil {
		return "", fmt.Errorf("list style sheets of the report: %w", err)
	}
	const first = "assets/page.css"
	names = slices.DeleteFunc(names, func(name string) bool { return name == first })
	var all strings.Builder
	for _, name := range append([]string{first}, names...) {
		css, err := assets.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read style of the report: %w", err)
		}
		all.Write(css)
	}
	all.WriteString(sequence.Style)
	return template.CSS(all.String()), nil
}

// A view is the data of the template.
type view struct {
	Style          template.CSS
	Title, Verdict string
	Sign, Words    string
	First          firstView
	Rerun          string
	Repeats, Note  string
	Stopped        string
	Shrunk         []string // how the run was made small, and what it needs
	Why            template.HTML
	WhyText        string
	Checks         []checkView
	Exercised      []Row
	Metrics        []metricView
	Log, LogNote   string
	Snapshot       string
	Run            runView
	Plan           []planView
	PlanNote       string
	Params         []KV
	Findings       []Finding
	FindingsNote   string
	More           []link
	Notes          []string // how the history was read
}

type checkView struct {
	Verdict, Sign, Name, Reason string
	Part                        bool
}

type metricView struct{ Name, Value, Note string }

type planView struct {
	ID, At, For, Fault, What, Note string
}

type link struct{ Name, URL string }

// newView cleans and formats all parts of a run for the template.
func newView(run Run) view {
	title, _ := titles(run)
	why := run.why()
	v := view{
		Title: title, Verdict: run.Verdict.String(), Sign: verdictSign(run.Verdict), Words: verdictLine(run),
		Rerun: clean(run.Rerun, anyLength), Repeats: clean(run.Repeats, 200), Note: strings.Join(noteLines(run, Style{Width: 120}), "\n"), Stopped: clean(run.Stopped, anyLength),
		First: newFirstView(run, why), Checks: checkViews(run.Checks), Exercised: rowsOf(run),
		Params: paramsOf(run),
	}
	v.Shrunk = shrunkLines(run.Shrunk)
	for _, note := range run.Notes {
		v.Notes = append(v.Notes, clean(note, anyLength))
	}
	if why != nil {
		if v.First.Why == "" {
			v.Why = counterexamplePictures(run, why, false)
		}
		v.WhyText = strings.Join(counterexampleText(run, why, Style{}), "\n")
	}
	v.Metrics = metricViews(run)
	v.Log, v.LogNote = logView(run, why)
	v.Snapshot = strings.Join(cleanLines(run.Snapshot, 5000), "\n")
	v.Run = newRunView(run, why, v.First.Interval)
	v.Plan, v.PlanNote = planViews(run)
	v.Findings, v.FindingsNote = findingViews(run)
	v.More = moreLinks(run, v)
	return v
}

// share says how many calls prove the verdict.
func share(why *checker.Counterexample) string {
	s := fmt.Sprintf("%s of %s", plural(len(why.Calls), "call"), count(max(why.Judged, len(why.Calls))))
	if why.Key != "" {
		s += " on " + clean(why.Key, 40)
	}
	is := "are"
	if len(why.Calls) == 1 {
		is = "is"
	}
	return fmt.Sprintf("%s %s enough to prove it", s, is) + minimalityNote(why)
}

// minimalityNote says why the counterexample may not be minimal, if it may not.
func minimalityNote(why *checker.Counterexample) string {
	if why.Note == "" {
		return ""
	}
	return "; " + clean(why.Note, 200)
}

// conflicting says how many of the calls contradict each other, if some only show where values came from.
func conflicting(why *checker.Counterexample) string {
	switch n := len(why.Core); {
	case n == 0 || n == len(why.Calls):
		return ""
	case n == 1:
		return ", 1 of them wrong on its own"
	default:
		return fmt.Sprintf(", %d of them contradict each other", n)
	}
}

// titles returns the title of the page, and the line below it.
func titles(run Run) (title, head string) {
	var parts []string
	if title = clean(run.Title, 200); title == "" {
		title = subject(run)
	}
	switch s := subject(run); {
	case s == title:
	case title == clean(run.System, 200) && run.Workload != "": // the title has the system already
		parts = append(parts, clean(run.Workload, 80))
	default:
		parts = append(parts, s)
	}
	if run.Bug != "" {
		parts = append(parts, "bug "+clean(run.Bug, 80))
	}
	if s := size(run); s != "" {
		parts = append(parts, s)
	}
	return title, strings.Join(append(parts, simulated(run)...), " · ")
}

// shrunkLines says how a run was made small, and what it needs.
func shrunkLines(x Shrunk) (lines []string) {
	if x.How == "" {
		return nil
	}
	lines = append(lines, fmt.Sprintf("This small run was made from seed %d: %s.", x.Seed, clean(x.How, anyLength)))
	for _, need := range x.Needs {
		lines = append(lines, capital(clean(need, anyLength))+".")
	}
	if x.Whole != "" {
		lines = append(lines, "The seed as it was: "+clean(x.Whole, anyLength))
	}
	return lines
}

// checkViews lists the checks, and of each the parts that are not valid.
func checkViews(checks []checker.Result) []checkView {
	var all []checkView
	for _, c := range flatten(checks) {
		all = append(all, checkView{Verdict: c.Verdict.String(), Sign: verdictSign(c.Verdict),
			Name: clean(c.Checker, 80), Reason: clean(c.Reason, 600)})
		n, more := 0, 0
		for _, p := range c.Parts {
			if p.Verdict == checker.Valid {
				continue
			}
			if n++; n > maxParts {
				more++
				continue
			}
			all = append(all, checkView{Verdict: p.Verdict.String(), Sign: verdictSign(p.Verdict),
				Name: clean(p.Checker, 80), Reason: clean(p.Reason, 300), Part: true})
		}
		if more > 0 {
			all = append(all, checkView{Part: true, Reason: fmt.Sprintf("and %s", plural(more, "more part"))})
		}
	}
	return all
}

func rowsOf(run Run) []Row {
	var rows []Row
	for _, r := range run.Exercised {
		rows = append(rows, Row{r.OK, clean(r.What, 200), clean(r.Note, 300)})
	}
	return rows
}

// paramsOf lists the parameters of the run, with the seed unless it is among them already.
func paramsOf(run Run) []KV {
	var kvs []KV
	add := func(name, value string) {
		if value != "" {
			kvs = append(kvs, KV{clean(name, 30), clean(value, 600)})
		}
	}
	add("system", run.System)
	add("workload", run.Workload)
	add("nemesis", run.Nemesis)
	add("bug", run.Bug)
	seeded := run.Recorded
	for _, p := range run.Params {
		add(p.Name, p.Value)
		seeded = seeded || strings.EqualFold(p.Name, "seed")
	}
	if !seeded && !run.Recorded {
		add("seed", fmt.Sprint(run.Seed))
	}
	if run.CPU > 0 {
		add("CPU time", short(run.CPU))
	}
	add("saved", run.SavedPath)
	add("history digest", run.Digest)
	return kvs
}

// planViews joins the plan with the faults of the history, which have the keys of the steps.
func planViews(run Run) (rows []planView, note string) {
	byStep := map[string]activeFault{}
	all := faultsOf(run.history(), run.end())
	for _, s := range all {
		if _, ok := byStep[s.Step]; !ok {
			byStep[s.Step] = s
		}
	}
	if len(run.Plan) == 0 {
		for i, s := range all {
			if i == maxPlanRows {
				break
			}
			rows = append(rows, planView{At: short(s.From), For: short(s.To - s.From), Fault: s.Step, What: s.Name, Note: s.Failed})
		}
		return rows, leftOut(len(all), "fault")
	}
	for i, p := range run.Plan {
		if i == maxPlanRows {
			break
		}
		row := planView{ID: fmt.Sprint(p.ID), At: short(p.At), For: short(p.For), Fault: clean(p.Fault, 120), Note: clean(p.Note, 200)}
		s, injected := byStep[fmt.Sprint("step ", p.ID)]
		switch {
		case !injected:
			row.What = "was not injected"
		case s.Failed != "":
			row.What = "failed: " + s.Failed
		default:
			row.What = fmt.Sprintf("%s, from %s to %s", s.Name, short(s.From), short(s.To))
		}
		rows = append(rows, row)
	}
	return rows, leftOut(len(run.Plan), "step")
}

// leftOut says how many rows of a table are not shown.
func leftOut(n int, thing string) string {
	if n <= maxPlanRows {
		return ""
	}
	return fmt.Sprintf("The first %d of %s; the history has them all.", maxPlanRows, plural(n, thing))
}

// findingViews returns the findings that the reason does not state already, as far as the page has
// room.
func findingViews(run Run) (all []Finding, note string) {
	findings := run.furtherFindings()
	for i, f := range findings {
		if i == maxFindings {
			note = fmt.Sprintf("and %s", plural(len(findings)-i, "more finding"))
			break
		}
		lines := cleanLines(f.Stack, maxPageStack)
		all = append(all, Finding{Host: clean(f.Host, 80), What: clean(f.What, 2000), Stack: strings.Join(lines, "\n")})
	}
	return all, note
}

// cleanLines returns the first lines of a text, made safe by clean, with their indentation.
func cleanLines(text string, most int) (lines []string) {
	if text == "" {
		return nil
	}
	for j, line := range strings.Split(strings.Trim(text, "\n"), "\n") {
		if j == most {
			return append(lines, "…")
		}
		space := line[:len(line)-len(strings.TrimLeft(line, "\t "))]
		lines = append(lines, cut(space, 20)+clean(line, 400))
	}
	return lines
}

func metricViews(run Run) (all []metricView) {
	for i, m := range run.Metrics {
		if i == maxPlanRows {
			break
		}
		all = append(all, metricView{clean(m.Name, 200), m.Text(), clean(m.Note, 300)})
	}
	return all
}

// logView returns the log lines before the counterexample, or the last of the run.
func logView(run Run, why *checker.Counterexample) (text, note string) {
	at, until := run.end(), "before the end"
	if why != nil {
		at, until = foundAt(why), "before "+short(foundAt(why))
	}
	last, before := logTail(run, at)
	var lines []string
	for _, l := range last {
		lines = append(lines, clean(l.String(), 400))
	}
	if len(last) > 0 {
		note = fmt.Sprintf("the last %d of %s %s", len(last), plural(before+len(last), "line"), until)
	}
	return strings.Join(lines, "\n"), note
}

// moreLinks lead to the parts of the page below the first screen, and to the files beside it.
func moreLinks(run Run, v view) []link {
	var all []link
	add := func(there bool, name, to string) {
		if there {
			all = append(all, link{name, to})
		}
	}
	add(run.Index != "", "All runs", run.Index)
	add(v.Run.Around != nil, "Calls around it", "#calls")
	add(v.WhyText != "", "Counterexample", "#why")
	add(run.Trace != nil, "All messages", "./"+messagesFile)
	add(len(v.Checks) > 0, "Checks in full", "#all-checks")
	add(len(v.Findings) > 0, "Findings", "#findings")
	add(len(v.Exercised) > 0, "What was tested", "#tested")
	add(len(v.Plan) > 0, fmt.Sprintf("Faults (%d)", len(v.Plan)), "#faults")
	add(len(v.Params) > 0, "Settings", "#settings")
	add(v.Log != "", "Log", "#log")
	add(true, "history.jsonl", "./history.jsonl")
	add(true, "run.txt", "./run.txt")
	add(run.Log != nil, logFile, "./"+logFile)
	for _, f := range attachments(run) {
		if len(all) == 40 {
			break
		}
		name := f.Name
		if name == "linearizable.html" {
			name = "all orders tried (porcupine)"
		}
		add(true, name, "./"+url.PathEscape(f.Name))
	}
	return all
}
