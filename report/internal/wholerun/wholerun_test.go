package wholerun

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ms = time.Millisecond

// random makes a run of n calls within a minute, nine in ten of them answered within some milliseconds.
func random(n int) Run {
	r := rand.New(rand.NewPCG(1, 2))
	run := Run{To: time.Minute, Calls: make([]Call, n)}
	for i := range run.Calls {
		c := Call{At: time.Minute / time.Duration(n) * time.Duration(i), Took: time.Duration((1 + r.ExpFloat64()*5) * float64(ms)), Process: i % 10, Line: int32(2*i + 1)}
		switch r.IntN(20) {
		case 0:
			c.Outcome, c.Took = Info, time.Second
		case 1:
			c.Outcome, c.Took = Fail, 300*time.Microsecond
		}
		run.Calls[i] = c
	}
	return run
}

// positions returns every percentage of a view.
func positions(v View) (all []string) {
	for _, b := range v.Bands {
		all = append(all, b.X, b.W)
	}
	for _, m := range v.Marks {
		all = append(all, m.X)
	}
	for _, b := range v.Rates {
		all = append(all, b.X, b.W)
	}
	for _, p := range v.Parts {
		all = append(all, p.X, p.W)
	}
	for _, t := range v.Ticks {
		all = append(all, t.X)
	}
	for _, names := range v.Names {
		for _, n := range names.All {
			all = append(all, n.X)
		}
	}
	if v.Frame != nil {
		all = append(all, v.Frame.X, v.Frame.W)
	}
	return append(all, v.Starts...)
}

// TestEveryPositionIsInThePicture draws runs of all kinds, among them those whose times begin at an epoch or are no
// times at all.
func TestEveryPositionIsInThePicture(t *testing.T) {
	epoch := random(100)
	base := time.Duration(1_700_000_000) * time.Second
	for i := range epoch.Calls {
		epoch.Calls[i].At += base
	}
	epoch.From, epoch.To = base, base+time.Minute
	ordered := random(100)
	for i := range ordered.Calls {
		ordered.Calls[i].At, ordered.Calls[i].Took = time.Duration(2*i), 1
	}
	ordered.To, ordered.Ordered = 199, true
	faulty := random(3000)
	for i := range 3000 {
		at := time.Duration(i) * 20 * ms
		faulty.Faults = append(faulty.Faults, Fault{at, at + 30*ms, fmt.Sprint("cut ", i%3), "cut"})
	}
	faulty.Phases = []Phase{{"heal", 50 * time.Second}, {"settle", 50*time.Second + 1}, {"late", time.Hour}}
	faulty.Shown = [2]time.Duration{59 * time.Second, 59*time.Second + ms}
	for name, run := range map[string]Run{
		"one": {Calls: []Call{{}}}, "none": {}, "epoch": epoch, "ordered": ordered, "faulty": faulty, "many": random(50_000),
		"long": {To: Forever, Calls: []Call{{At: Forever / 2, Took: Forever}, {At: 5, Took: Forever - 1}}},
	} {
		v := New(run)
		for _, p := range positions(v) {
			x, err := strconv.ParseFloat(p, 64)
			require.NoError(t, err, name)
			assert.True(t, x >= 0 && x <= 100, "%s: %s", name, p)
		}
		for _, s := range []string{v.Dots, v.Median, v.P99} {
			assert.NotContains(t, s, "NaN", name)
		}
		assert.LessOrEqual(t, len(v.Bands), 500, name)
	}
}

func TestAnEpochIsLeftOut(t *testing.T) {
	v := New(Run{From: 1000 * time.Hour, To: 1000*time.Hour + 10*time.Second, Calls: []Call{{At: 1000 * time.Hour, Took: ms}, {At: 1000*time.Hour + 5*time.Second, Took: ms, Outcome: Fail, Line: 3}}})
	assert.Equal(t, "0s", v.Ticks[0].Text)
	assert.Contains(t, v.Ticks[len(v.Ticks)-1].Text, "s")
	for _, tick := range v.Ticks {
		assert.NotContains(t, tick.Text, "h", "the axis counts from the first op")
	}
	assert.Contains(t, strings.Join(v.Notes, " "), "0s is the first op, at 1000h0m0s")
	assert.Contains(t, v.Marks[0].Title, "5.000s")
}

func TestAnOrderHasNoLatencies(t *testing.T) {
	v := New(Run{To: 7, Ordered: true, Calls: []Call{{At: 0, Took: 1}, {At: 2, Took: 3}, {At: 4, Took: Forever, Outcome: Info}}})
	assert.Empty(t, v.Decades)
	assert.Empty(t, v.Dots)
	assert.Empty(t, v.High, "nothing is said of a rate")
	assert.NotEmpty(t, v.Rates)
	assert.Contains(t, v.Label, "of 7 ops")
	for _, p := range v.Parts {
		assert.NotContains(t, p.Title, "p50")
		assert.NotContains(t, p.Title, "ns")
	}
	for _, tick := range v.Ticks {
		_, err := strconv.Atoi(tick.Text)
		assert.NoError(t, err, "a tick is the number of an op")
	}
}

// TestDensityHasACellWhereAndOnlyWhereThereAreCalls reads the paths back.
func TestDensityHasACellWhereAndOnlyWhereThereAreCalls(t *testing.T) {
	run := random(30_000)
	l := newLayout(run)
	for _, columns := range []int{320, 1280} {
		want := map[[2]int]bool{}
		for _, c := range run.Calls {
			if c.Outcome == OK {
				want[[2]int{min(int(l.share(c.At)*float64(columns)), columns-1), min(int(l.y(c.Took)*densityRows/Height), densityRows-1)}] = true
			}
		}
		got := map[[2]int]bool{}
		for _, s := range l.density(columns) {
			for _, stroke := range strings.Split(s.D, "M")[1:] {
				var x, y, n int
				_, err := fmt.Sscanf(stroke, "%d %dh%d", &x, &y, &n)
				require.NoError(t, err)
				for i := range n {
					require.False(t, got[[2]int{x + i, y}], "one shade a cell")
					got[[2]int{x + i, y}] = true
				}
			}
		}
		assert.Equal(t, want, got)
	}
}

func TestShadesGrowWithTheCount(t *testing.T) {
	last := 0
	for n := range 1001 {
		s := shade(n, 1000)
		assert.GreaterOrEqual(t, s, last)
		last = s
	}
	assert.Equal(t, shades, last)
	assert.Equal(t, 0, shade(0, 1))
	assert.Equal(t, 1, shade(1, 1))
}

// TestDotsAreWhereTheCallsAre follows the relative path.
func TestDotsAreWhereTheCallsAre(t *testing.T) {
	run := Run{To: 10 * time.Second, Calls: []Call{{At: 0, Took: ms}, {At: time.Second, Took: 100 * ms}, {At: time.Second, Took: 100 * ms}, {At: 5 * time.Second, Took: 10 * ms}}}
	l := newLayout(run)
	path, drawn := l.dots()
	assert.Equal(t, 3, drawn, "two are one dot")
	x, y := 0, 0
	var at [][2]int
	for _, dot := range strings.Split(strings.TrimPrefix(path, "m"), "m") {
		var dx, dy int
		dot = strings.ReplaceAll(strings.TrimSuffix(dot, "h0"), "-", " -")
		_, err := fmt.Sscanf(strings.TrimSpace(dot), "%d %d", &dx, &dy)
		require.NoError(t, err, dot)
		x, y = x+dx, y+dy
		at = append(at, [2]int{x, y})
	}
	assert.Equal(t, [][2]int{{0, int(l.y(ms))}, {1000, int(l.y(100 * ms))}, {5000, int(l.y(10 * ms))}}, at)
	assert.Less(t, l.y(100*ms), l.y(10*ms), "slower is higher")
	l.never = true
	assert.Less(t, l.y(Forever), l.y(100*ms), "what never returned is above all")
}

func TestMarksAreBoundedAndKeepTheExtremes(t *testing.T) {
	run := random(200_000)
	run.Calls[77].Outcome, run.Calls[77].Took = Fail, 30*time.Second
	run.Calls[78].Outcome, run.Calls[78].Took = OK, 40*time.Second
	v := New(run)
	assert.Less(t, len(v.Marks), 2*maxMarks+slowest+1)
	titles := ""
	for _, m := range v.Marks {
		titles += m.Title + "\n"
	}
	assert.Contains(t, titles, "fail after 30s")
	assert.Contains(t, titles, "ok after 40s", "the slowest have marks")
	assert.Contains(t, titles, "more calls here")
	assert.Contains(t, strings.Join(v.Notes, " "), "Marks that overlap are drawn once: info ")
	assert.Contains(t, strings.Join(v.Notes, " "), "drawn as a density")
}

func TestListedCallsLeadToTheirLines(t *testing.T) {
	run := random(50)
	run.Linked = map[int32]bool{run.Calls[7].Line: true}
	linked := 0
	for _, m := range New(run).Marks {
		if m.Link != "" {
			linked++
			assert.Equal(t, "#line-15", m.Link)
		}
	}
	assert.Equal(t, 1, linked)
}

// TestQuantileLines has the lines be at the quantiles, and gaps where there are too few calls.
func TestQuantileLines(t *testing.T) {
	run := Run{To: 10 * time.Second}
	for i := range 4000 { // 10ms, and one in fifty 1s, in the first and the last half of a second only
		c := Call{At: time.Duration(i%2000) * 500 * ms / 2000, Took: 10 * ms, Line: 1}
		if i >= 2000 {
			c.At += 9500 * ms
		}
		if i%50 == 0 {
			c.Took = time.Second
		}
		run.Calls = append(run.Calls, c)
	}
	v := New(run)
	l := newLayout(run)
	p50, p99 := decimal(l.y(10*ms), 1), decimal(l.y(time.Second), 1)
	assert.Equal(t, fmt.Sprintf("M0 %[1]sH500M9500 %[1]sH10000", p50), v.Median)
	assert.Equal(t, fmt.Sprintf("M0 %[1]sH500M9500 %[1]sH10000", p99), v.P99)
	assert.Contains(t, strings.Join(v.Notes, " "), "from 2,000 answered calls on")

	run.Calls = run.Calls[:LinesFrom-1]
	assert.Empty(t, New(run).Median, "too few calls")
}

func TestFrame(t *testing.T) {
	run := random(10)
	assert.Nil(t, New(run).Frame, "nothing is shown above")
	run.Shown = [2]time.Duration{59999 * ms, time.Minute}
	f := New(run).Frame
	require.NotNil(t, f)
	assert.True(t, f.Deep)
	assert.Equal(t, "99.6", f.X, "a narrow frame has a width that can be seen")
	assert.Equal(t, "shown above: 59.999s to 60.000s", f.Title)
	run.Shown = [2]time.Duration{0, 30 * time.Second}
	f = New(run).Frame
	assert.False(t, f.Deep)
	assert.Equal(t, Frame{"0", "50", "shown above: 0.000s to 30.000s", false}, *f)
}

// TestNamesDoNotMeet lays the names of faults out as they stand in the picture.
func TestNamesDoNotMeet(t *testing.T) {
	run := random(10)
	for i := range 12 {
		at := time.Duration(i) * 5 * time.Second
		run.Faults = append(run.Faults, Fault{at, at + time.Second, fmt.Sprintf("partition n%d | n1 n2 n3 n4", i), "a fault"})
	}
	v := New(run)
	require.Len(t, v.Names, len(widths))
	for i, names := range v.Names {
		px := widths[i].px
		ends := map[int]float64{}
		for _, n := range names.All {
			x, _ := strconv.ParseFloat(n.X, 64)
			most, _ := strconv.ParseFloat(n.Most, 64)
			from := x / 100 * px
			if n.Right {
				from = px - most
			}
			assert.GreaterOrEqual(t, from+1, ends[n.Row], "%s: %s", names.Class, n.Text)
			ends[n.Row] = from + most
		}
		assert.LessOrEqual(t, names.Rows, widths[i].rows+1)
	}
	assert.Contains(t, v.Names[2].All[len(v.Names[2].All)-1].Text, "no room here", "a narrow picture says what it leaves out")
}

func TestTicksHaveAsManyDigitsAsTheyNeed(t *testing.T) {
	l := newLayout(Run{To: time.Minute})
	for want, c := range map[string][2]time.Duration{
		"0s": {0, time.Second}, "33.52s": {33520 * ms, 20 * ms}, "5s": {5 * time.Second, time.Second}, "20ms": {20 * ms, 10 * ms}, "33.5s": {33500 * ms, 500 * ms},
	} {
		assert.Equal(t, want, l.tick(c[0], c[1]))
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{5_000, 100_000, 1_000_000} {
		run := random(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				New(run)
			}
		})
	}
}
