package sequence_test

import (
	"testing"

	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/example"
	"github.com/capsize-go/capsize/report/internal/sequence"
	"github.com/stretchr/testify/require"
)

func TestDraw(t *testing.T) {
	c, err := example.LeaseReads()
	require.NoError(t, err)
	steps, _ := account.Of(c)
	s := sequence.Scene{Trace: c.Trace, Steps: steps, Faults: c.Faults, History: c.History, Clients: c.Clients}
	labels := []string{"write k3 ← 2791", "write k3 ← 3013", "read k3 → 2791"}
	for i, h := range c.Why.Calls {
		s.Calls = append(s.Calls, sequence.Call{Call: h, Label: labels[i], Blamed: i == c.Why.Blamed})
	}
	d, ok := sequence.Draw(s)
	require.True(t, ok)
	t.Log(d.Filters, d.Drawn, d.Left, len(d.SVG), d.From, d.To)
}
