package tracer_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/tracer"
	"github.com/capsize-go/capsize/cluster/trace"
)

// n2 gets a message and sends another one because of it, which a fault loses.
func ExampleRecorder() {
	r := tracer.New(trace.Window{To: time.Second})
	a := tracer.Message("hello")
	r.Send(1*time.Millisecond, a, "n1", "n2")
	a.Leaves(1 * time.Millisecond)
	a.Arrives(2*time.Millisecond, "")
	b := tracer.Message([]byte("hi"))
	r.Send(2*time.Millisecond, b, "n2", "n3")
	b.Leaves(2 * time.Millisecond)
	b.By("partition")
	b.Arrives(3*time.Millisecond, trace.Cut)
	for _, m := range r.Trace(nil).Messages {
		fmt.Printf("%d %s→%s %q cause %d lost %q by %q\n", m.ID, m.From, m.To, m.Text, m.Cause, m.Lost, m.Fault)
	}
	// Output:
	// 1 n1→n2 "hello" cause 0 lost "" by ""
	// 2 n2→n3 "2 bytes" cause 1 lost "cut" by "partition"
}
