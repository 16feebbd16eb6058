package levels

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/internal/cputime"
)

// BenchmarkLists judges histories of simulated databases by all models. At 1,000,000 transactions the bar is 5 CPU seconds and 2 GiB; run
// it with -benchtime 1x.
func BenchmarkLists(b *testing.B) {
	for _, level := range []string{"strict", "si", "psi", "read-uncommitted"} {
		for _, n := range []int{20_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", level, n), func(b *testing.B) {
				h := simulate(level, 1, n, 50, 20, 3)
				runtime.GC()
				b.ReportAllocs()
				b.ResetTimer()
				began := cputime.Used()
				for b.Loop() {
					if _, err := Judge(context.Background(), h, txn.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((cputime.Used()-began).Seconds()/float64(b.N), "cpu-s/op")
			})
		}
	}
}
