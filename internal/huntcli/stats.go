package huntcli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/odds"
	"github.com/capsize-go/capsize/internal/hunt/overview"
	"github.com/capsize-go/capsize/internal/words"
)

func (h *hunting) statsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Say how many seeds it takes to find a failure of each target",
		Long: `Stats takes each seed for an independent trial. FOUND counts runs that are invalid or whose worker died. SEEDS TO FIND is the median of the number
of seeds up to the first of these, estimated from their share, and its 95 % interval follows from that of Clopper and Pearson for the
share. CPU TO FIND is the median times the processor time of a run. It may be used while the hunt goes on.`,
		Example: "  capsize hunt stats\n  capsize hunt stats --json | jq -r 'select(.found == 0) | .target'",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.read(cmd.Context(), func(c *campaign.Campaign) error { return h.stats(cmd.Context(), c) })
		},
	}
}

// A statsLine is what stats prints of a target with --json. What is not known or has no bound is null.
type statsLine struct {
	Target      string          `json:"target"`
	Of          campaign.Target `json:"of"`
	Runs        int             `json:"runs"`
	Valid       int             `json:"valid"`
	Unknown     int             `json:"unknown"`
	Invalid     int             `json:"invalid"`
	Died        int             `json:"died"`
	Found       int             `json:"found"`
	Signatures  int             `json:"signatures"`
	Seeds       []uint64        `json:"seeds"` // the first that found something
	Rate        float64         `json:"rate"`
	RateLow     float64         `json:"rate_low"`
	RateHigh    float64         `json:"rate_high"`
	Median      *float64        `json:"seeds_to_find"`
	MedianLow   *float64        `json:"seeds_to_find_low"`
	MedianHigh  *float64        `json:"seeds_to_find_high"`
	CPU         time.Duration   `json:"cpu_ns"` // of all runs
	CPUToFindNS *float64        `json:"cpu_to_find_ns"`
}

func lineOf(n campaign.Count) statsLine {
	e := odds.Of(n.Runs(), n.Found())
	l := statsLine{
		Target: n.Target.String(), Of: n.Target, Runs: n.Runs(), Valid: n.Valid, Unknown: n.Unknown, Invalid: n.Invalid, Died: n.Died, Found: n.Found(), Signatures: n.Signatures,
		Seeds: append([]uint64{}, n.Seeds...), Rate: e.Rate, RateLow: e.RateLow, RateHigh: e.RateHigh, CPU: n.CPU,
		Median: finite(e.Median), MedianLow: finite(e.MedianLow), MedianHigh: finite(e.MedianHigh),
	}
	if l.Median != nil {
		l.CPUToFindNS = finite(e.Median * float64(n.CPU) / float64(n.Runs()))
	}
	return l
}

// finite returns nil for what JSON has no number for.
func finite(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

func (h *hunting) stats(ctx context.Context, c *campaign.Campaign) error {
	counts, err := c.Counts(ctx)
	if err != nil {
		return err
	}
	if h.json {
		for _, n := range counts {
			if err := printJSON(h.Out, lineOf(n)); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tRUNS\tFOUND\tUNKNOWN\tSIGNATURES\tSEEDS TO FIND\t95 %\tCPU TO FIND\tFIRST SEEDS")
	for _, n := range counts {
		l := lineOf(n)
		median, interval := overview.ToFind(n)
		cpu := ""
		if l.CPUToFindNS != nil {
			cpu = words.Duration(time.Duration(*l.CPUToFindNS))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", l.Target, words.Count(l.Runs), words.Count(l.Found), words.Count(l.Unknown), l.Signatures,
			median, interval, cpu, overview.Seeds(n.Seeds, n.Found(), len(n.Seeds)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = io.WriteString(h.Out, trimmed(b.String()))
	return err
}

// trimmed takes the blanks off the ends of lines.
func trimmed(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// printJSON prints a value on a line of its own.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}
