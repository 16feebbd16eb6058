package stats_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/stats"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
)

// An ask is an input: its field F says what was asked.
type ask struct {
	F     string
	Value int
}

func ExampleNew() {
	h := checkertest.InTurn(
		[2]any{ask{"write", 1}, nil},
		[2]any{ask{"read", 0}, 1},
	)
	checkertest.Judge(stats.New(stats.Limits{Availability: 0.99}), h)
	checkertest.Judge(stats.New(stats.Limits{P99: time.Millisecond}), h)
	// Output:
	// valid - 2 of 2 calls ok (100 %; inside of faults 100 %, outside 100 %); ok calls took 5ms (median), 5ms (99 %), 5ms (most); 133.3 ok calls a second
	// invalid - 99 % of ok calls took up to 5ms, which is more than 1ms
}

func ExampleMeasure() {
	h := history.Of(
		history.Op{Process: history.Nemesis, Type: history.Invoke, Key: "1", Input: "partition", Time: 1 * time.Second},
		history.Op{Process: 0, Node: "n1", Type: history.Invoke, Input: ask{"read", 0}, Time: 2 * time.Second},
		history.Op{Process: 0, Node: "n1", Type: history.Info, Time: 3 * time.Second},
		history.Op{Process: history.Nemesis, Type: history.OK, Key: "1", Time: 4 * time.Second},
	)
	for _, w := range stats.Measure(h).Windows {
		fmt.Println(w.Name, w.Begin, w.End, w.Calls.Calls, w.Calls.OK, w.Calls.Info)
	}
	// Output: partition 1s 4s 1 0 1
}
