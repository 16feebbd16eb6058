package checker_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
)

// Nobody may be given a copy that an acknowledged write has replaced.
func ExampleFresh() {
	checker.Show(checker.Fresh(checker.Promise{}), checker.OneByOne(
		[2]any{checker.CacheOp{F: "write", Key: "page"}, checker.Copy{Version: 2}},
		[2]any{checker.CacheOp{F: "read", Key: "page"}, checker.Copy{Version: 1}},
	))
	// Output:
	// invalid
	// process 1 read v1 on page, though v2 had been acknowledged to process 0 9ms before
}

// How stale what was read had become.
func ExampleMeasureFreshness() {
	m, err := checker.MeasureFreshness(checker.OneByOne(
		[2]any{checker.CacheOp{F: "write", Key: "page"}, checker.Copy{Version: 2}},
		[2]any{checker.CacheOp{F: "read", Key: "page"}, checker.Copy{Version: 2}},
		[2]any{checker.CacheOp{F: "read", Key: "page"}, checker.Copy{Version: 1}},
	))
	fmt.Println(m, err)
	// Output: 1 of 2 reads is stale, by 19ms and 1 version at most, by 19ms after the last write <nil>
}

// An observer looks into two caches: one has dropped its copy, and the other still has it.
func ExampleMeasureCopies() {
	m, err := checker.MeasureCopies(checker.OneByOne(
		[2]any{checker.CacheOp{F: "write", Key: "page"}, checker.Copy{Version: 2}},
		[2]any{checker.CacheOp{F: "peek", Key: "page", At: "n1"}, checker.Copy{Missing: true}},
		[2]any{checker.CacheOp{F: "peek", Key: "page", At: "n2"}, checker.Copy{Version: 1}},
	))
	fmt.Println(m.Late(10*time.Millisecond), m.Late(time.Second), err)
	// Output: 1 0 <nil>
}

// A session does not go back in time.
func ExampleSessions() {
	look := checker.CacheOp{F: "read", Key: "page"}
	checker.Show(checker.Sessions(), checker.Sequence(
		history.Op{Input: look, Output: checker.Copy{Version: 2}},
		history.Op{Input: look, Output: checker.Copy{Version: 1}},
	))
	// Output:
	// invalid
	// process 0 read v1 on page after it had read v2
}

// A database was read twice for one copy that had expired.
func ExampleCoalesced() {
	checker.Show(checker.Coalesced(checker.LoadLimit{Window: time.Second, OfOne: 1}), checker.OneByOne(
		[2]any{checker.CacheOp{F: "loads", Key: "page"}, checker.Copy{LoadedAt: []time.Duration{time.Minute, time.Minute + time.Millisecond}}},
	))
	// Output:
	// invalid
	// page was loaded 2 times within 1s from 1m0s on, and 1 was allowed
}

// What is for one is answered to another.
func ExampleForeign() {
	checker.Show(checker.Foreign(), checker.OneByOne(
		[2]any{checker.CacheOp{F: "read", Key: "inbox", As: "ann"}, checker.Copy{Version: 1, For: "bob"}},
	))
	// Output:
	// invalid
	// process 0 read as ann on inbox, and was answered what is bob's
}

// A copy is served when it has long expired.
func ExampleAged() {
	checker.Show(checker.Aged(), checker.OneByOne(
		[2]any{checker.CacheOp{F: "write", Key: "page"}, checker.Copy{Version: 1}},
		[2]any{checker.CacheOp{F: "read", Key: "page"}, checker.Copy{Version: 1, Made: time.Millisecond, MaxAge: 5 * time.Millisecond}},
	))
	// Output:
	// invalid
	// process 1 read v1 on page, which the database had given out 9ms before, and which may be 5ms old
}
