package isolation

import (
	"fmt"
	"math"
	"strings"

	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/scenarios"
)

// Grid returns the page of the scenario isolation: one picture for each card.
func Grid(_ scenarios.Scenario, rows []scenarios.Row) report.Grid {
	b := report.Grid{
		Title: "The isolation card",
		Lead: "Five nodes, fifteen clients, twenty seconds. Which isolation level does each system claim, and which did every run keep? " +
			"Blue is the part of the transactions of each second that committed, the hatched part did not; the number is the share of those that began while the fault was active.",
		Legend: []report.KV{
			{Name: Kept, Value: "every run kept the level that is claimed"},
			{Name: Broken, Value: "some run broke it"},
			{Name: Open, Value: "no run broke it, and some run could not be judged"},
		},
	}
	for _, f := range faults {
		b.Columns = append(b.Columns, report.KV{Name: f.name, Value: f.doc})
	}
	seeds := 0
	for _, d := range databases {
		row := report.GridRow{Name: d.name, Doc: d.doc + "; claims " + strings.ReplaceAll(string(d.claims), "-", " "), Cards: make([]report.Card, len(faults))}
		for _, r := range rows {
			for i, f := range faults {
				if r.Variant == d.name && r.Fault == f.name {
					row.Cards[i], seeds = Picture(r), max(seeds, r.Seeds)
					row.Label = worse(row.Label, r.Label)
				}
			}
		}
		if row.Label != "" {
			b.Rows = append(b.Rows, row)
		}
	}
	b.Note = fmt.Sprintf("%d seeds a card; capsize isolation makes this page.", seeds)
	return b
}

// worse returns the worse of two labels; the empty one is the best.
func worse(a, b string) string {
	for _, label := range []string{Broken, Open, Kept} {
		if a == label || b == label {
			return label
		}
	}
	return ""
}

// Picture returns the picture of a row of the scenario isolation.
func Picture(r scenarios.Row) report.Card {
	c, ok := r.Meter.(*Card)
	if !ok {
		return report.Card{}
	}
	p := report.Card{Title: r.Variant + " under " + r.Fault, Label: r.Label, From: c.from, To: c.to, End: duration}
	row := report.CardRow{Name: "committed", During: math.NaN()}
	if c.During.Asked > 0 {
		row.During = c.During.Of(c.During.Committed)
	}
	for i := range c.Seconds {
		share := math.NaN()
		if s := &c.Seconds[i]; s.Asked > 0 {
			share = s.Of(s.Committed)
		}
		row.Shares = append(row.Shares, share)
	}
	p.Rows, p.Facts = []report.CardRow{row}, c.facts()
	p.Command = fmt.Sprintf("capsize scenario isolation --variant %s --fault '%s' --seed %d --show", r.Variant, r.Fault, r.Seed)
	return p
}

// facts says which level was kept, and what it cost.
func (c *Card) facts() []report.Row {
	facts := []report.Row{
		{OK: c.lost == 0, What: "claims " + strings.ReplaceAll(string(c.Claimed), "-", " ")},
		{OK: c.lost == 0, What: "kept " + strings.ReplaceAll(c.Measured(), "-", " ")},
	}
	if len(c.Anomalies) > 0 {
		facts = append(facts, report.Row{OK: c.lost == 0, What: c.seen()})
	}
	if len(c.Healthy.Took) > 0 {
		facts = append(facts, report.Row{OK: true, What: fmt.Sprintf("p50 %s, p99 %s, %.0f %% aborted", scenarios.Span(float64(c.Healthy.quantile(0.5))), scenarios.Span(float64(c.Healthy.quantile(0.99))), 100*c.Healthy.Of(c.Healthy.Aborted))})
	}
	return facts
}
