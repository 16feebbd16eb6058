package schedule_test

import (
	"fmt"

	"github.com/capsize-go/capsize/schedule"
)

// The zero value is a swarm: each seed has one of eight schedules.
func ExampleSchedule_For() {
	var s schedule.Schedule
	for seed := range uint64(4) {
		fmt.Println(seed, s.For(seed))
	}
	// Output:
	// 0 random/64
	// 1 random/64
	// 2 priorities/32
	// 3 priorities/1024
}
