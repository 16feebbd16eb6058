package wholerun

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// drawAnswered draws the answered calls: each as a dot, or all as a density if they are too many for that, with lines
// of quantiles over them.
func (l *layout) drawAnswered(v *View) {
	if l.n[OK] > DensityFrom {
		v.Far, v.Near = l.density(320), l.density(1280)
		v.Marks = l.slow()
		v.Notes = append(v.Notes, fmt.Sprintf("%s answered calls are drawn as a density, stronger where there are more; the slowest %d have a mark each.",
			wording.Count(l.n[OK]), slowest))
	} else {
		drawn := 0
		v.Dots, drawn = l.dots()
		l.drawnOnce(OK, drawn, l.n[OK])
	}
	if l.n[OK] >= LinesFrom {
		parts := min(l.n[OK]/lineCalls, lineParts)
		v.Median, v.P99 = l.quantileLines(parts)
		v.Notes = append(v.Notes, fmt.Sprintf("The lines are p50 and p99 of the answered calls of each %s; they are drawn from %s answered calls on.",
			wording.Short((l.To-l.From)/time.Duration(parts)), wording.Count(LinesFrom)))
	}
}

// dots draws each answered call as a dot, those at one place once, as a path of lines without length whose round
// ends are the dots. It returns how many there are.
func (l *layout) dots() (path string, drawn int) {
	taken := make([]bool, (Units+1)*Height)
	var b []byte
	lastX, lastY := 0, 0
	for _, c := range l.Calls {
		if c.Outcome != OK {
			continue
		}
		x, y := int(l.share(c.At)*Units), int(l.y(c.Took))
		if at := x*Height + y; taken[at] {
			continue
		} else {
			taken[at] = true
		}
		b = append(b, 'm')
		b = strconv.AppendInt(b, int64(x-lastX), 10)
		if y >= lastY {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(y-lastY), 10)
		b = append(b, "h0"...)
		lastX, lastY = x, y
		drawn++
	}
	return string(b), drawn
}

const (
	densityRows = Height / 3
	shades      = 6
)

// density counts the answered calls in cells of a grid and draws the cells of equal shade as one path: of each row,
// the stretches of neighbours.
func (l *layout) density(columns int) (all []Shade) {
	cells := make([]int, columns*densityRows)
	most := 0
	for _, c := range l.Calls {
		if c.Outcome == OK {
			x, y := min(int(l.share(c.At)*float64(columns)), columns-1), min(int(l.y(c.Took)*densityRows/Height), densityRows-1)
			cells[y*columns+x]++
			most = max(most, cells[y*columns+x])
		}
	}
	var paths [shades + 1]strings.Builder
	for y := range densityRows {
		row := cells[y*columns : (y+1)*columns]
		for x := 0; x < columns; {
			level, from := shade(row[x], most), x
			for x < columns && shade(row[x], most) == level {
				x++
			}
			if level > 0 {
				fmt.Fprintf(&paths[level], "M%d %dh%d", from, y, x-from)
			}
		}
	}
	for level := range paths {
		if d := paths[level].String(); d != "" {
			all = append(all, Shade{level, d, columns, densityRows})
		}
	}
	return all
}

// shade returns the level for n calls of at most that number: one shade for each step of a logarithmic scale, 0 for none.
func shade(n, most int) int {
	switch {
	case n == 0:
		return 0
	case most == 1:
		return 1
	}
	return 1 + min(int(math.Log(float64(n))/math.Log(float64(most))*shades), shades-1)
}

// slow marks the slowest answered calls.
func (l *layout) slow() (all []Mark) {
	var some []Call
	least := time.Duration(-1)
	for _, c := range l.Calls {
		if c.Outcome != OK || c.Took <= least {
			continue
		}
		some = append(some, c)
		if len(some) == 2*slowest {
			some = slowestOf(some)
			least = some[len(some)-1].Took
		}
	}
	for _, c := range slowestOf(some) {
		all = append(all, l.mark(c, 0))
	}
	return all
}

func slowestOf(calls []Call) []Call {
	slices.SortStableFunc(calls, func(a, b Call) int { return int(min(max(b.Took-a.Took, -1), 1)) })
	return calls[:min(slowest, len(calls))]
}

// quantileLines draws p50 and p99 of the answered calls as steps. A part with fewer than 20 calls has no p50, one with
// fewer than 100 no p99: there the line has a gap.
func (l *layout) quantileLines(n int) (p50, p99 string) {
	parts := make([][]time.Duration, n)
	for _, c := range l.Calls {
		if c.Outcome == OK {
			i := l.part(c.At, n)
			parts[i] = append(parts[i], c.Took)
		}
	}
	var lines [2]strings.Builder
	var open [2]bool
	for i, took := range parts {
		slices.Sort(took)
		for k, q := range []struct {
			of    float64
			least int
		}{{.5, 20}, {.99, 100}} {
			if len(took) < q.least {
				open[k] = false
				continue
			}
			y := decimal(l.y(quantile(took, q.of)), 1)
			from := i * Units / n
			command := "V"
			if !open[k] {
				command = fmt.Sprintf("M%d ", from)
			}
			open[k] = true
			fmt.Fprintf(&lines[k], "%s%sH%d", command, y, (i+1)*Units/n)
		}
	}
	return lines[0].String(), lines[1].String()
}

// quantile returns the duration that a share of the sorted ones did not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
