package agenda_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/cluster/internal/agenda"
	"github.com/capsize-go/capsize/internal/keyed"
)

func ExampleAgenda() {
	var a agenda.Agenda[string]
	a.Add(2*time.Second, "land")
	a.Add(time.Second, "take off")
	a.Add(2*time.Second, "taxi")
	for at, ok := a.Next(); ok; at, ok = a.Next() {
		fmt.Println(at, a.Take())
	}
	// Output:
	// 1s take off
	// 2s land
	// 2s taxi
}

// TestOrder compares with a stable sort, while items are added and taken: some due at once, some late, some after long idle spans.
// Of those that grow stale before they are due, none is taken that is more than a few milliseconds away then.
func TestOrder(t *testing.T) {
	type item struct {
		at    time.Duration
		n     int
		stale *bool
	}
	dropped := 0
	a := agenda.Agenda[item]{Stale: func(x item) bool {
		if *x.stale {
			dropped++
		}
		return *x.stale
	}}
	var want []item
	r := rand.New(rand.NewPCG(keyed.New(1).Uint64(), 0))
	now := time.Duration(0)
	spans := []int64{1, 50, int64(time.Millisecond), int64(time.Second), int64(time.Hour)}
	taken := 0
	for i := range 5000 {
		if r.IntN(9) > 3 {
			x := item{now + time.Duration(r.Int64N(spans[r.IntN(len(spans))])), i, new(bool)}
			a.Add(x.at, x)
			want = append(want, x)
			if k := r.IntN(len(want)); r.IntN(4) == 0 {
				*want[k].stale = true
			}
			continue
		}
		slices.SortFunc(want, func(x, y item) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.n, y.n)) })
		for len(want) > 0 {
			at, ok := a.Next()
			for len(want) > 0 && *want[0].stale && (!ok || want[0].at != at) {
				want = want[1:] // it was dropped
			}
			if !ok {
				assert.Empty(t, want)
				break
			}
			x := a.Take()
			assert.Equal(t, want[0], x)
			assert.Equal(t, at, x.at)
			now, want = x.at, want[1:]
			taken++
			break
		}
		assert.GreaterOrEqual(t, a.Len(), 0)
	}
	assert.Greater(t, taken, 1000)
	assert.Greater(t, dropped, 20)
	a.Clear()
	_, ok := a.Next()
	assert.False(t, ok)
}
