package compare

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
)

//go:embed assets/compare.tmpl
var page string

var tmpl = template.Must(template.New("compare").Parse(page))

// Limits of the page.
const (
	maxPageSteps = 200
	maxPageCalls = 60
)

// A view is the data of the template.
type view struct {
	Style                 template.CSS
	Title, Command        string
	Sides                 []sideView
	History, Params, Plan string
	Lines                 []Line
	ParamRows             []Param
	StepRows              []Step
}

type sideView struct {
	Letter, Name, Page, Verdict, Headline, Reason, Note, Command string
	Calls                                                        []shownCall
	More                                                         int
}

// HTML writes the comparison as a page that needs no network and no script, in the look of the other pages. The command is the one that made it; it may be empty.
func (c Comparison) HTML(w io.Writer, command string) error {
	v := view{Style: report.Stylesheet(), Command: report.Clean(command, 2000), Title: c.title(), Sides: []sideView{c.A.view("A"), c.B.view("B")}}
	v.History = c.histories()
	v.History = strings.ToUpper(v.History[:1]) + v.History[1:] + "."
	for _, l := range c.Lines {
		l.A, l.B = savedrun.Apart(l.A, l.B)
		l.A, l.B = report.Clean(l.A, 2*maxLine), report.Clean(l.B, 2*maxLine)
		v.Lines = append(v.Lines, l)
	}
	v.Params = differing(len(c.Params), len(c.Params)+c.SameParams, "") + "."
	for _, p := range c.Params {
		v.ParamRows = append(v.ParamRows, Param{report.Clean(p.Name, 60), report.Clean(orNone(p.A), 400), report.Clean(orNone(p.B), 400)})
	}
	v.Plan = differing(len(c.Steps), len(c.Steps)+c.SameSteps, " steps") + "."
	for _, s := range c.Steps[:min(len(c.Steps), maxPageSteps)] {
		v.StepRows = append(v.StepRows, Step{s.ID, report.Clean(orNone(s.A), 400), report.Clean(orNone(s.B), 400)})
	}
	if err := tmpl.Execute(w, v); err != nil {
		return fmt.Errorf("write page of the comparison: %w", err)
	}
	return nil
}

// title says what is compared: two runs of one seed, or any.
func (c Comparison) title() string {
	if a, b := c.A.Result, c.B.Result; c.A.Judged && c.B.Judged && a.Seed == b.Seed && a.Seed != 0 {
		return fmt.Sprintf("Seed %d: %s and %s", a.Seed, c.A.what(), c.B.what())
	}
	return report.Clean(c.A.Name, 100) + " and " + report.Clean(c.B.Name, 100)
}

// what names the run by its system and bug.
func (s Side) what() string {
	text := report.Clean(s.Result.System, 60)
	if s.Result.Bug != "" {
		return text + " with " + report.Clean(s.Result.Bug, 60)
	}
	return text + " without a bug"
}

func (s Side) view(letter string) sideView {
	v := sideView{
		Letter: letter, Name: report.Clean(s.Name, 200), Page: s.Page, Verdict: s.verdict(), Note: report.Clean(s.Note, 400), Command: report.Clean(s.Result.Command, 2000),
		Reason: report.Clean(s.Result.Reason, 800), Calls: s.shownCalls(),
	}
	if s.Judged && s.Result.Verdict != checker.Valid {
		v.Headline = report.Clean(s.Result.Headline, 200)
	}
	if n := len(v.Calls) - maxPageCalls; n > 0 {
		v.Calls, v.More = v.Calls[:maxPageCalls], n
	}
	return v
}
