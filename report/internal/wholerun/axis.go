package wholerun

import (
	"fmt"
	"math"
	"time"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// An axis maps instants and latencies to places in the picture.
type axis struct {
	from, to  time.Duration
	ordered   bool // times are positions in the history
	never     bool // some call never returned
	low, high int  // decades of the latencies, in nanoseconds
}

// share returns where an instant is, from 0 to 1.
func (a axis) share(t time.Duration) float64 {
	return float64(min(max(t, a.from), a.to)-a.from) / float64(a.to-a.from)
}

func (a axis) percent(t time.Duration) string { return decimal(100*a.share(t), 2) }

// y returns where a latency is. Zero is at the bottom, and what never ended above the axis.
func (a axis) y(d time.Duration) float64 {
	if d == Forever {
		return 6
	}
	top := 6.0
	if a.never {
		top = 20
	}
	share := (math.Log10(float64(max(d, 1))) - float64(a.low)) / float64(a.high-a.low)
	return Height - 3 - min(max(share, 0), 1)*(Height-3-top)
}

func (a axis) decades() (all []Line) {
	every := (a.high-a.low)/5 + 1
	for d := a.low; d <= a.high; d += every {
		at := time.Duration(math.Pow10(d))
		text := wording.Short(at)
		if at >= time.Minute {
			text = fmt.Sprintf("%.0fs", at.Seconds()) // a power of ten, as the others
		}
		all = append(all, Line{decimal(a.y(at), 1), text})
	}
	return all
}

// part returns in which of n equal parts of the axis an instant is.
func (a axis) part(t time.Duration, n int) int {
	return min(int(a.share(t)*float64(n)), n-1)
}

func (a axis) length() string {
	if a.ordered {
		return wording.Plural(int(a.to-a.from), "op")
	}
	return wording.Short(a.to - a.from)
}

// instant formats an instant as the axis counts: from its beginning, or in a history without times by ops.
func (a axis) instant(t time.Duration) string {
	t -= a.from
	if a.ordered {
		return fmt.Sprint("op ", int64(t))
	}
	if a.to-a.from < 10*time.Millisecond {
		return wording.Short(t)
	}
	return fmt.Sprintf("%.3fs", t.Seconds())
}

// tick formats an instant of the axis with as many digits as the step between ticks needs.
func (a axis) tick(t, step time.Duration) string {
	switch {
	case a.ordered:
		return wording.Count(int(t))
	case t == 0 || step >= time.Second || t < time.Second && step >= time.Millisecond || a.to-a.from < time.Second:
		return wording.Short(t)
	}
	digits := 0
	for d := step; d < time.Second && digits < 9; d *= 10 {
		digits++
	}
	return decimal(t.Seconds(), digits) + "s"
}
