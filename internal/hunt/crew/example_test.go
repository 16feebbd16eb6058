package crew_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/hunt/crew"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// A program that is no worker is an error, with what it printed.
func ExampleDo() {
	_, err := crew.Do(context.Background(), crew.Job{
		Program: crew.Program{Path: "/bin/echo", Args: []string{"hello"}},
		Task:    huntrun.Task{Seeds: []uint64{1, 2}},
	})
	fmt.Println(strings.ReplaceAll(err.Error(), "\n", " | "))
	// Output: a worker ended before it had done its task (exit status 0) | hello
}
