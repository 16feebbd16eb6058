package levels

import (
	"context"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
)

// BenchmarkHugeComponent judges a history with one component of thousands of transactions, which makes Elle give up.
func BenchmarkHugeComponent(b *testing.B) {
	h := readList(b, corpus(b, "elle", "histories", "huge-scc.edn"))
	b.Logf("%d transactions", len(h.Txns))
	for b.Loop() {
		r, err := Judge(context.Background(), h, txn.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s", r.Text(h))
	}
}
