// What memberlist draws is drawn from the run's seed: see package gossip.
//
//go:debug randseednop=0

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/capsize-go/capsize"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// What is alive is small, some megabytes of history, and what dies is much:
		// with the default of 100 the collector would run every few milliseconds.
		debug.SetGCPercent(800)
	}
	capsize.Main(func(t *testing.T) int { return execute(t, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) })
}

// execute runs the command line and returns the exit code. An interrupt ends the
// run that is under way early; a second one ends the process at once.
func execute(t *testing.T, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{t: t, in: stdin, out: stdout, err: stderr}
	return a.execute(ctx, args)
}
