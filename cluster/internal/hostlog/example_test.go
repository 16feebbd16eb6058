package hostlog_test

import (
	"fmt"
	"log/slog"

	"github.com/capsize-go/capsize/cluster/internal/hostlog"
)

// Example makes lines of a record, and of what a library writes.
func Example() {
	add := func(level slog.Level, text string) { fmt.Println(level, text) }
	slog.New(hostlog.NewHandler(add)).With("term", 3).Info("elected", "votes", 2)
	fmt.Fprint(hostlog.NewWriter(add), "[WARN] slow disk\nno level\nno end")
	// Output:
	// INFO elected term=3 votes=2
	// WARN slow disk
	// INFO no level
}
