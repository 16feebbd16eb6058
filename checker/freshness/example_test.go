package freshness_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// No read may return a copy that an acknowledged write has replaced.
func ExampleNew() {
	checkertest.Show(freshness.New(freshness.Promise{}), checkertest.OneByOne(
		[2]any{model.CacheOp{F: "write", Key: "page"}, model.Copy{Version: 2}},
		[2]any{model.CacheOp{F: "read", Key: "page"}, model.Copy{Version: 1}},
	))
	// Output:
	// invalid
	// process 1 read v1 on page, though v2 had been acknowledged to process 0 9ms before
}

// How stale what was read had become.
func ExampleMeasure() {
	m, err := freshness.Measure(checkertest.OneByOne(
		[2]any{model.CacheOp{F: "write", Key: "page"}, model.Copy{Version: 2}},
		[2]any{model.CacheOp{F: "read", Key: "page"}, model.Copy{Version: 2}},
		[2]any{model.CacheOp{F: "read", Key: "page"}, model.Copy{Version: 1}},
	))
	fmt.Println(m, err)
	// Output: 1 of 2 reads is stale, by 19ms and 1 version at most, by 19ms after the last write <nil>
}

// An observer looks into two caches: one has dropped its copy, and the other still has it.
func ExampleMeasureCopies() {
	m, err := freshness.MeasureCopies(checkertest.OneByOne(
		[2]any{model.CacheOp{F: "write", Key: "page"}, model.Copy{Version: 2}},
		[2]any{model.CacheOp{F: "peek", Key: "page", At: "n1"}, model.Copy{Missing: true}},
		[2]any{model.CacheOp{F: "peek", Key: "page", At: "n2"}, model.Copy{Version: 1}},
	))
	fmt.Println(m.Late(10*time.Millisecond), m.Late(time.Second), err)
	// Output: 1 0 <nil>
}

// A session does not go back in time.
func ExampleSessions() {
	look := model.CacheOp{F: "read", Key: "page"}
	checkertest.Show(freshness.Sessions(), checkertest.Sequence(
		history.Op{Input: look, Output: model.Copy{Version: 2}},
		history.Op{Input: look, Output: model.Copy{Version: 1}},
	))
	// Output:
	// invalid
	// process 0 read v1 on page after it had read v2
}

// A database was read twice for one copy that had expired.
func ExampleCoalesced() {
	checkertest.Show(freshness.Coalesced(freshness.LoadLimit{Window: time.Second, OfOne: 1}), checkertest.OneByOne(
		[2]any{model.CacheOp{F: "loads", Key: "page"}, model.Copy{LoadedAt: []time.Duration{time.Minute, time.Minute + time.Millisecond}}},
	))
	// Output:
	// invalid
	// page was loaded 2 times within 1s from 1m0s on, and 1 was allowed
}

// What is for one is answered to another.
func ExampleCrossUser() {
	checkertest.Show(freshness.CrossUser(), checkertest.OneByOne(
		[2]any{model.CacheOp{F: "read", Key: "inbox", As: "ann"}, model.Copy{Version: 1, For: "bob"}},
	))
	// Output:
	// invalid
	// process 0 read as ann on inbox, and was answered what is bob's
}

// A copy is served when it has long expired.
func ExampleMaxAgeExceeded() {
	checkertest.Show(freshness.MaxAgeExceeded(), checkertest.OneByOne(
		[2]any{model.CacheOp{F: "write", Key: "page"}, model.Copy{Version: 1}},
		[2]any{model.CacheOp{F: "read", Key: "page"}, model.Copy{Version: 1, Made: time.Millisecond, MaxAge: 5 * time.Millisecond}},
	))
	// Output:
	// invalid
	// process 1 read v1 on page, which the database had given out 9ms before, and which may be 5ms old
}
