package simnet_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/capsize-go/capsize/internal/simnet"
)

// A wire takes one millisecond for everything, and loses nothing.
type wire struct{ start time.Time }

func (w wire) Now() time.Duration { return time.Since(w.start) }

func (w wire) Carry(from, to string, size int, deliver, lost func()) {
	time.AfterFunc(time.Millisecond, deliver)
}

func (w wire) After(host string, d time.Duration, fn func()) (stop func()) {
	t := time.AfterFunc(d, fn)
	return func() { t.Stop() }
}

func Example() {
	n := simnet.New(wire{time.Now()})
	n.AddHost("n1", net.IPv4(10, 0, 0, 1))
	n.AddHost("n2", net.IPv4(10, 0, 0, 2))
	l, err := n.Listen("n2", "tcp", ":7")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprintf(c, "hello, %v", c.RemoteAddr())
		c.Close()
	}()
	c, err := n.Dial(context.Background(), "n1", "tcp", "n2:7")
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll(c)
	fmt.Println(string(text), err)
	// Output: hello, 10.0.0.1:32768 <nil>
}
