package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/hunt/odds"
)

// A count is what the campaigns of a target and an arm found, in how much processor time.
type count struct {
	finds, mutated, runs int
	cpu                  time.Duration
}

func (c count) hours() float64 { return c.cpu.Hours() }

// printTable prints the table of campaigns in files, in Markdown.
func printTable(w io.Writer, files []string) error {
	counts := map[string]map[string]count{}
	var targets, arms []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("campaigns: %w", err)
		}
		for d, n := json.NewDecoder(bytes.NewReader(data)), 1; ; n++ {
			var c campaign
			err := d.Decode(&c)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("%s: campaign %d: %w", name, n, err)
			}
			if counts[c.Target] == nil {
				counts[c.Target] = map[string]count{}
				targets = append(targets, c.Target)
			}
			if !slices.Contains(arms, c.Arm) {
				arms = append(arms, c.Arm)
			}
			counts[c.Target][c.Arm] = counts[c.Target][c.Arm].with(c)
		}
	}
	slices.SortStableFunc(arms, func(a, b string) int { return cmp.Compare(strings.TrimPrefix(a, fresh), strings.TrimPrefix(b, fresh)) })
	writeTable(w, targets, arms, counts)
	return nil
}

// with adds a campaign.
func (c count) with(x campaign) count {
	c.runs, c.cpu = c.runs+x.Runs, c.cpu+x.CPU
	c.finds, c.mutated = c.finds+x.Finds, c.mutated+x.Mutated
	return c
}

func writeTable(w io.Writer, targets, arms []string, counts map[string]map[string]count) {
	fmt.Fprint(w, "| target | arm | runs | CPU s | finds | by mutated plans | finds an hour | ratio to fresh | 95 % |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, t := range targets {
		for _, a := range arms {
			c, ok := counts[t][a]
			if !ok {
				continue
			}
			fmt.Fprintf(w, "| %s | %s | %d | %.0f | %d | %d | %.0f |", t, a, c.runs, c.cpu.Seconds(), c.finds, c.mutated, float64(c.finds)/c.hours())
			if base, ok := counts[t][fresh]; ok && a != fresh {
				lo, hi := ratioInterval(c, base)
				fmt.Fprintf(w, " %s | %s to %s |\n", number(ratio(c, base)), number(lo), number(hi))
			} else {
				fmt.Fprint(w, " | |\n")
			}
		}
	}
	fmt.Fprint(w, "\n| arm | runs | CPU s | finds | ratio to fresh, all targets | 95 % |\n|---|---|---|---|---|---|\n")
	for _, a := range arms {
		var sum count
		var pairs [][2]count
		for _, t := range targets {
			c, ok := counts[t][a]
			base, ok2 := counts[t][fresh]
			if !ok || !ok2 {
				continue
			}
			sum.finds, sum.runs, sum.cpu = sum.finds+c.finds, sum.runs+c.runs, sum.cpu+c.cpu
			pairs = append(pairs, [2]count{c, base})
		}
		fmt.Fprintf(w, "| %s | %d | %.0f | %d |", a, sum.runs, sum.cpu.Seconds(), sum.finds)
		if a == fresh {
			fmt.Fprint(w, " | |\n")
			continue
		}
		r, lo, hi := mantelHaenszel(pairs)
		fmt.Fprintf(w, " %s | %s to %s |\n", number(r), number(lo), number(hi))
	}
}

// number formats a ratio; one that is not known is a dash.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case math.IsInf(x, 1):
		return "∞"
	}
	return fmt.Sprintf("%.2f", x)
}

// ratio returns the rate of a in comparison with that of b.
func ratio(a, b count) float64 {
	return float64(a.finds) / a.hours() / (float64(b.finds) / b.hours())
}

// ratioInterval returns the 95 % interval of the ratio of two rates. Given their sum, the finds of a are binomial.
func ratioInterval(a, b count) (lo, hi float64) {
	share := odds.Of(a.finds+b.finds, a.finds)
	scale := b.hours() / a.hours()
	return share.RateLow / (1 - share.RateLow) * scale, share.RateHigh / (1 - share.RateHigh) * scale
}

// mantelHaenszel returns the common ratio of the rates of pairs, with its 95 % interval.
func mantelHaenszel(pairs [][2]count) (r, lo, hi float64) {
	var up, down, v float64
	for _, p := range pairs {
		a, b, ta, tb := float64(p[0].finds), float64(p[1].finds), p[0].hours(), p[1].hours()
		up += a * tb / (ta + tb)
		down += b * ta / (ta + tb)
		v += (a + b) * ta * tb / ((ta + tb) * (ta + tb))
	}
	r = up / down
	se := math.Sqrt(v / (up * down))
	return r, r * math.Exp(-1.96*se), r * math.Exp(1.96*se)
}
