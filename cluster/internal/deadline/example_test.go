package deadline_test

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/deadline"
)

// Example ends a context at an event; what derives from it ends as well.
func Example() {
	at := time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC)
	c := deadline.New(context.Background(), at)
	child, cancel := context.WithCancel(c)
	defer cancel()
	fmt.Println(c.Err(), child.Err())
	c.End(context.DeadlineExceeded)
	<-child.Done()
	fmt.Println(c.Err(), child.Err())
	// Output:
	// <nil> <nil>
	// context deadline exceeded context deadline exceeded
}
