package hostlog_test

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/capsize-go/capsize/cluster/hostlog"
)

// Example logs a record of one host, and the lines that a library writes on another.
func Example() {
	now := func() time.Duration { return 1500 * time.Millisecond }
	r := hostlog.New(now, nil)
	slog.New(r.Handler("n1")).With("term", 3).Info("elected", "votes", 2)
	fmt.Fprint(r.Writer("n2"), "[WARN] slow disk\nno level\nno end")
	r.Close()
	for line := range r.Log().All() {
		fmt.Println(line)
	}
	// Output:
	// 1.500000s n1 INFO elected term=3 votes=2
	// 1.500000s n2 WARN slow disk
	// 1.500000s n2 INFO no level
}
