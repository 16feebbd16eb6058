// Package overview is the page of a campaign: its failures by signature with the smallest reproduction of each, and how many seeds it
// takes to find one of each target. It has the look of the pages of runs, and needs no script.
package overview

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/odds"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

//go:embed assets/campaign.tmpl
var source string

var page = template.Must(template.New("campaign").Parse(source))

// File is the name of the page in the folder of the campaign.
const File = index.File

// The page stays readable for a campaign of any size.
const (
	maxGroups  = 200
	maxTargets = 1000
	maxSeeds   = 12
	maxText    = 20_000
)

// Write writes the page of a campaign into its folder.
func Write(ctx context.Context, c *campaign.Campaign) error {
	v, err := viewOf(ctx, c)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		return fmt.Errorf("page of the campaign: %w", err)
	}
	if err := result.Replace(filepath.Join(c.Dir(), File), b.Bytes()); err != nil {
		return fmt.Errorf("page of the campaign: %w", err)
	}
	return nil
}

// A view is the data of the template.
type view struct {
	Style       template.CSS
	Title       string
	Facts       string
	Groups      []groupView
	MoreGroups  string
	Targets     []targetView
	MoreTargets string
	Settings    []report.KV
}

type groupView struct {
	ID, Verdict, Sign, Signature, Subject string
	Count                                 int
	Small                                 *smallView
	Reason, Output, Command               string
	Seeds, Targets, Schedule              string
}

type smallView struct {
	Href, Sizes, How, Text string
	Saved                  string // path of what can be replayed
	Account, Notes         []string
}

type targetView struct {
	Name                                string
	Runs, Valid, Unknown, Invalid, Died int
	Median, Interval, CPU, Seeds        string
}

func viewOf(ctx context.Context, c *campaign.Campaign) (v view, err error) {
	groups, err := c.Groups(ctx)
	if err != nil {
		return v, err
	}
	counts, err := c.Counts(ctx)
	if err != nil {
		return v, err
	}
	v.Style = report.Stylesheet()
	for i, g := range groups {
		if i == maxGroups {
			v.MoreGroups = fmt.Sprintf("The first %d signatures of %d; capsize hunt list has them all.", i, len(groups))
			break
		}
		v.Groups = append(v.Groups, viewOfGroup(g))
	}
	runs, found := 0, 0
	var cpu, virtual time.Duration
	for i, n := range counts {
		runs, found, cpu, virtual = runs+n.Runs(), found+n.Found(), cpu+n.CPU, virtual+n.Virtual
		if i < maxTargets {
			v.Targets = append(v.Targets, viewOfTarget(n))
		}
	}
	if len(counts) > maxTargets {
		v.MoreTargets = fmt.Sprintf("The first %d targets of %d; capsize hunt stats has them all.", maxTargets, len(counts))
	}
	v.Title = fmt.Sprintf("%s of %s, %s with %s", words.Plural(runs, "run"), words.Plural(len(counts), "target"), words.Plural(found, "failure"), words.Plural(len(groups), "signature"))
	v.Facts = fmt.Sprintf("%v of virtual time, %v of processor time", virtual.Round(time.Second), cpu.Round(time.Second))
	v.Settings, err = settingsOf(ctx, c)
	return v, err
}

// settingsOf lists the settings, the shards and the versions.
func settingsOf(ctx context.Context, c *campaign.Campaign) (all []report.KV, err error) {
	s, err := c.Settings(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range sorting.Keys(s) {
		if name != "targets" { // the table has them
			all = append(all, report.KV{Name: report.Clean(name, 80), Value: report.Clean(s[name], 400)})
		}
	}
	shards, err := c.Shards(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, s := range shards {
		list = append(list, s.String())
	}
	all = append(all, report.KV{Name: "shards", Value: report.Clean(strings.Join(list, ", "), 400)})
	for _, v := range c.Versions() {
		all = append(all, report.KV{Name: "version", Value: report.Clean(fmt.Sprintf("capsize %s, %s, program %s", v.Capsize, v.Runtime, v.Build), 200)})
	}
	return all, nil
}

func viewOfGroup(g campaign.Group) groupView {
	v := groupView{
		ID: g.ID, Verdict: g.Verdict, Sign: sign(g.Verdict), Signature: report.Clean(g.Signature.String(), 400), Subject: report.Clean(g.Subject, 200), Count: g.Count,
		Reason: report.Clean(g.First.Run.Reason, 600), Output: lines(g.First.Run.Output), Seeds: Seeds(g.Seeds, g.Count, maxSeeds),
		Targets: report.Clean(strings.Join(g.Targets, "; "), 600), Schedule: report.Clean(g.First.Run.Schedule, 80),
	}
	s := g.Smallest
	if s == nil {
		return v
	}
	v.Command = report.Clean(s.Command, 2000)
	v.Small = &smallView{Sizes: Sizes(*s), How: report.Clean(How(*s), 400), Text: lines(s.Text)}
	v.Small.Saved = report.Clean(g.Saved(), 200)
	if g.Page() != "" {
		v.Small.Href = href(g.Page())
	}
	for _, l := range s.Account {
		v.Small.Account = append(v.Small.Account, report.Clean(l, 400))
	}
	for _, n := range s.Notes {
		v.Small.Notes = append(v.Small.Notes, report.Clean(n, 200))
	}
	return v
}

// lines cleans a text of several lines.
func lines(text string) string {
	if len(text) > maxText {
		text = text[:maxText] + "\n…"
	}
	var all []string
	for l := range strings.Lines(text) {
		all = append(all, report.Clean(strings.TrimRight(l, "\r\n"), 2000))
	}
	return strings.TrimSpace(strings.Join(all, "\n"))
}

// href returns the link to a file below the page.
func href(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "./" + strings.Join(parts, "/")
}

// Sizes says how small a reproduction is: "1 fault, 3 calls, 3 nodes".
func Sizes(s huntrun.Smallest) string { return sizes(s.After) }

func sizes(s huntrun.Size) string {
	return fmt.Sprintf("%s, %s, %s", words.Plural(s.Faults, "fault"), words.Plural(s.Operations, "call"), words.Plural(s.Nodes, "node"))
}

// How says what a reproduction was made from: "from 6 faults, 707 calls, 5 nodes of seed 17, in 61 runs".
func How(s huntrun.Smallest) string {
	if s.Runs == 0 {
		text := fmt.Sprintf("the whole run of seed %d", s.Seed)
		if s.Stopped != "" {
			text += ": " + s.Stopped
		}
		return text
	}
	text := fmt.Sprintf("from %s of seed %d, in %s and %v of processor time", sizes(s.Before), s.Seed, words.Plural(s.Runs, "run"), s.CPU.Round(100*time.Millisecond))
	if s.Stopped != "" {
		text += "; " + s.Stopped
	}
	return text
}

func viewOfTarget(n campaign.Count) targetView {
	v := targetView{Name: report.Clean(n.Target.String(), 300), Runs: n.Runs(), Valid: n.Valid, Unknown: n.Unknown, Invalid: n.Invalid, Died: n.Died}
	v.Median, v.Interval = ToFind(n)
	if n.Runs() > 0 {
		v.CPU = words.Duration(n.CPU / time.Duration(n.Runs()))
	}
	v.Seeds = Seeds(n.Seeds, n.Found(), len(n.Seeds))
	return v
}

// ToFind returns how many seeds it takes to find a failure of a target, and the interval of that. Both are empty if no seed was run.
func ToFind(n campaign.Count) (median, interval string) {
	if n.Runs() == 0 {
		return "", ""
	}
	e := odds.Of(n.Runs(), n.Found())
	if n.Found() == 0 {
		return "not found", fmt.Sprintf("> %s", words.Count(int(e.MedianLow)))
	}
	return number(e.Median), fmt.Sprintf("%s–%s", number(e.MedianLow), number(e.MedianHigh))
}

func number(x float64) string {
	if math.IsInf(x, 0) {
		return "∞"
	}
	return words.Count(int(x))
}

// Seeds lists the first of some seeds, of which there are more: "3, 17, 19 and 4 more".
func Seeds(seeds []uint64, of, most int) string {
	var all []string
	for i, s := range seeds {
		if i == most {
			break
		}
		all = append(all, fmt.Sprint(s))
	}
	text := strings.Join(all, ", ")
	if n := of - len(all); n > 0 && len(all) > 0 {
		text += fmt.Sprintf(" and %s more", words.Count(n))
	}
	return text
}

// sign is the shape of a verdict.
func sign(verdict string) string {
	switch verdict {
	case huntrun.Valid:
		return "✓"
	case huntrun.Unknown:
		return "?"
	}
	return "✗"
}
