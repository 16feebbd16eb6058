package replication

import (
	"fmt"
	"math"
	"strings"

	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
)

// Grid returns the page of the scenario cap: one picture for each card.
func Grid(s scenarios.Scenario, rows []scenarios.Row) report.Grid {
	b := report.Grid{
		Title: "The CAP card",
		Lead: "Five nodes, fifteen clients, twenty seconds. While the network is cut, who is answered? And were the answers right? " +
			"Blue is what was answered of the requests of each second, the hatched part is what was not; the number is the share of all requests that were asked during the cut.",
		Legend: []report.KV{
			{Name: Consistent, Value: "every run was linearizable"},
			{Name: Available, Value: "every request was answered, and not every run was linearizable"},
			{Name: Neither, Value: "neither of these"},
		},
	}
	for _, f := range capCuts {
		b.Columns = append(b.Columns, report.KV{Name: f.name, Value: f.doc})
	}
	seeds := 0
	for _, label := range Labels(rows) {
		row := report.GridRow{Name: label.Variant, Doc: choiceNamed(label.Variant).doc, Label: label.Label, Cards: make([]report.Card, len(capCuts))}
		for _, r := range rows {
			for i, f := range capCuts {
				if r.Variant == label.Variant && r.Fault == f.name {
					row.Cards[i], seeds = Picture(r), max(seeds, r.Seeds)
				}
			}
		}
		b.Rows = append(b.Rows, row)
	}
	b.Note = fmt.Sprintf("%d seeds a card; capsize cap makes this page.", seeds)
	return b
}

// Picture returns the picture of a row of the scenario cap.
func Picture(r scenarios.Row) report.Card {
	c, ok := r.Meter.(*Card)
	if !ok {
		return report.Card{}
	}
	p := report.Card{Title: r.Variant + " under " + r.Fault, Label: r.Label, From: c.window.from, To: c.window.to, End: duration}
	for _, where := range []side{majority, minority, cutOff} {
		for _, kind := range []string{read, write} {
			if s := c.Shares[string(where)+" "+kind]; s != nil {
				p.Rows = append(p.Rows, s.row(string(where)+" "+kind+"s"))
			}
		}
	}
	p.Facts = c.facts()
	p.Command = fmt.Sprintf("capsize scenario cap --variant %s --fault '%s' --seed %d --show", r.Variant, r.Fault, r.Seed)
	return p
}

func (s *Share) row(name string) report.CardRow {
	l := report.CardRow{Name: name, During: math.NaN()}
	if s.Asked > 0 {
		l.During = s.Of()
	}
	for _, x := range s.Seconds {
		share := math.NaN()
		if x.Asked > 0 {
			share = float64(x.OK) / float64(x.Asked)
		}
		l.Shares = append(l.Shares, share)
	}
	return l
}

// facts says what the answers were worth.
func (c *Card) facts() []report.Row {
	facts := []report.Row{{OK: c.right == c.ran, What: fmt.Sprintf("%d of %d runs linearizable", c.right, c.ran)}}
	if c.judge.models()[0] != "linearizable" {
		facts[0] = report.Row{OK: true, What: "not a register: it merges writes"}
	}
	if c.right < c.ran {
		facts = append(facts, report.Row{OK: len(c.held) > 0, What: "always: " + strings.ReplaceAll(strongest(c.held), "-", " ")})
	}
	stale := "no stale read"
	if c.Stale > 0 {
		stale = fmt.Sprintf("%d stale reads, up to %s, %d versions", c.Stale, scenarios.Span(float64(c.Age)), c.Behind)
	}
	lost := "no acknowledged write lost"
	if c.Lost > 0 {
		lost = fmt.Sprintf("%d acknowledged writes lost", c.Lost)
	}
	return append(facts, report.Row{OK: c.Stale == 0, What: stale}, report.Row{OK: c.Lost == 0, What: lost})
}
