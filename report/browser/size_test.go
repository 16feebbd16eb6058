package browser

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// TestManyCalls opens pages of long histories. How soon they are painted is logged and not judged: it is of the machine.
func TestManyCalls(t *testing.T) {
	needBrowser(t)
	for _, n := range []int{100_000, 1_000_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if testing.Short() && n > 100_000 {
				t.Skip("takes seconds of processor time")
			}
			file := folder(shared.work)(fmt.Sprint("calls-", n, ".html"))
			writePage(t, file, longRun(n))
			info, err := os.Stat(file)
			require.NoError(t, err)
			assert.LessOrEqual(t, info.Size(), int64(2<<20), "bytes of the page")
			p := open(t, file)
			_, err = chromedp.Run(p.ctx, chromedp.CaptureScreenshot()) // a tab in the background may paint nothing until asked
			require.NoError(t, err)
			paint := eval[float64](p, `(performance.getEntriesByName("first-contentful-paint")[0] || {startTime: -1}).startTime`)
			nodes := eval[int](p, `document.querySelectorAll("*").length`)
			t.Logf("%d calls: a page of %d KB with %d elements, first contentful paint after %.0f ms", n, info.Size()>>10, nodes, paint)
			assert.Positive(t, paint, "nothing was painted")
			text := eval[string](p, `document.body.textContent`)
			assert.Contains(t, text, grouped(n)+" calls")
			assert.Contains(t, text, "7000007", "the value of the counterexample")
			if n == 1_000_000 {
				assert.Regexp(t, `share|drawn once|left out|thinned|not drawn|of each|densit|darker`, eval[string](p, `document.querySelector("#run").textContent`),
					"the page says what it draws of a million calls")
			}
			assert.Empty(t, eval[[]string](p, `probe.tooWide()`))
			checkQuiet(t, p)
		})
	}
}

// grouped writes a number with separators.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// longRun is a run of that number of calls, of which the last but one reads what was replaced.
func longRun(n int) report.Run {
	ops := make([]history.Op, 0, 2*n)
	at := func(i int) time.Duration { return time.Duration(i) * 300 * time.Microsecond }
	for i := range n {
		op := history.Op{Time: at(i), Process: i % 20, Node: fmt.Sprint("n", i%5+1), Type: history.Invoke, Key: "k", Input: fmt.Sprint("write ", i)}
		end := op
		end.Type, end.Time, end.Input = history.OK, at(i)+time.Duration(40+i*7919%97)*time.Microsecond, nil
		switch {
		case i == n-2:
			op.Input, end.Output = "read", "7000007"
		case i%1000 == 0:
			end.Type = history.Info
			op.Process, end.Process = 20+i/1000, 20+i/1000
		case i%777 == 0:
			end.Type, end.Err = history.Fail, "no leader"
		}
		ops = append(ops, op, end)
	}
	h := history.Of(ops...)
	why := &checker.Counterexample{Key: "k", Reason: "a read returned 7000007, which was never written", Judged: n, Blamed: 1}
	i := 0
	for c := range h.Calls() {
		if i == n-3 || i == n-2 {
			why.Calls = append(why.Calls, c)
		}
		i++
	}
	return report.Run{
		Title: "TestLong", System: "store", Workload: "register", Seed: 1, Nodes: 5, Clients: 20, Virtual: at(n + 10), Verdict: checker.Invalid, History: h,
		Checks: []checker.Result{{Checker: "linearizable", Broken: "not linearizable", Verdict: checker.Invalid, Reason: why.Reason, Counterexample: why}},
		Rerun:  "go test -run TestLong .",
	}
}

// writePage writes the page of a run into a file.
func writePage(t *testing.T, file string, run report.Run) {
	t.Helper()
	require.NoError(t, os.MkdirAll(shared.work, 0o755))
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, report.HTML(f, run))
	require.NoError(t, f.Close())
}
