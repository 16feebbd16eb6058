package checker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPageLosesItselfOnly draws with every budget, and with a model that panics while it
// draws. Neither may do more than lose the page.
func TestPageLosesItselfOnly(t *testing.T) {
	put := func(from, to, v int) timed { return timed{from, to, RegisterOp{F: "write", Value: v}, 0} }
	get := func(from, to, v int) timed { return timed{from, to, RegisterOp{F: "read"}, v} }
	h := timeline(put(1, 2, 1), put(3, 20, 2), get(4, 5, 2), get(6, 7, 1), put(8, 21, 3), get(9, 30, 2))
	m := Register()
	calls := 0
	m.Step = func(s int, in RegisterOp, out int) (int, bool) {
		calls++
		return Register().Step(s, in, out)
	}
	s := search{source: erase(m).of(h)}
	parts, _ := s.split()
	require.NotNil(t, s.page(t.Context(), parts[0].spans, pageSteps))
	all, drawn := calls, 0
	for most := 1; most <= all; most++ {
		if s.page(t.Context(), parts[0].spans, most) != nil {
			drawn++
		}
	}
	require.Greater(t, drawn, 0)
	require.Less(t, drawn, all)
	for last := 1; last <= all; last++ {
		calls = 0
		m.Step = func(state int, in RegisterOp, out int) (int, bool) {
			if calls++; calls == last {
				panic("no more")
			}
			return Register().Step(state, in, out)
		}
		s := search{source: erase(m).of(h)}
		require.Nil(t, s.page(t.Context(), parts[0].spans, pageSteps), last)
	}
}
