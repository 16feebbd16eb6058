package agenda_test

import (
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
	for a.Len() > 0 {
		fmt.Println(a.Next(), a.Take())
	}
	// Output:
	// 1s take off
	// 2s land
	// 2s taxi
}

// TestOrder compares with a stable sort, while items are added and taken.
func TestOrder(t *testing.T) {
	var a agenda.Agenda[[2]int]
	var want [][2]int
	r := rand.New(rand.NewPCG(keyed.New(1).Uint64(), 0))
	for i := range 2000 {
		if r.IntN(3) > 0 {
			at := r.IntN(50)
			a.Add(time.Duration(at), [2]int{at, i})
			want = append(want, [2]int{at, i})
			continue
		}
		if len(want) == 0 {
			continue
		}
		slices.SortFunc(want, func(x, y [2]int) int { return slices.Compare(x[:], y[:]) })
		assert.Equal(t, want[0], a.Take())
		want = want[1:]
	}
	assert.Equal(t, len(want), a.Len())
}
