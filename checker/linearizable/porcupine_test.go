package linearizable

import (
	"testing"

	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/require"
)

// TestPageLosesItselfOnly draws with every budget, and with a model that panics while it
// draws. Neither may do more than lose the page.
func TestPageLosesItselfOnly(t *testing.T) {
	put := func(from, to, v int) checkertest.Timed {
		return checkertest.Timed{From: from, To: to, In: model.RegisterOp{F: "write", Value: v}, Out: 0}
	}
	get := func(from, to, v int) checkertest.Timed {
		return checkertest.Timed{From: from, To: to, In: model.RegisterOp{F: "read"}, Out: v}
	}
	h := checkertest.Timeline(put(1, 2, 1), put(3, 20, 2), get(4, 5, 2), get(6, 7, 1), put(8, 21, 3), get(9, 30, 2))
	m := model.Register()
	calls := 0
	m.Step = func(s int, in model.RegisterOp, out int) (int, bool) {
		calls++
		return model.Register().Step(s, in, out)
	}
	s := search{View: view.Erase(m).Of(h)}
	parts, _ := s.Split()
	require.NotNil(t, s.page(t.Context(), parts[0].Spans, pageSteps))
	all, drawn := calls, 0
	for most := 1; most <= all; most++ {
		if s.page(t.Context(), parts[0].Spans, most) != nil {
			drawn++
		}
	}
	require.Greater(t, drawn, 0)
	require.Less(t, drawn, all)
	for last := 1; last <= all; last++ {
		calls = 0
		m.Step = func(state int, in model.RegisterOp, out int) (int, bool) {
			if calls++; calls == last {
				panic("no more")
			}
			return model.Register().Step(state, in, out)
		}
		s := search{View: view.Erase(m).Of(h)}
		require.Nil(t, s.page(t.Context(), parts[0].Spans, pageSteps), last)
	}
}
