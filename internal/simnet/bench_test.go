package simnet

import (
	"io"
	"net"
	"testing"
	"time"
)

// A directWire carries everything at once: what is left to measure is the cost
// of package simnet and of the goroutines that it wakes.
type directWire struct {
	due    chan func()
	events int
}

func (w *directWire) Now() time.Duration { return 0 }

func (w *directWire) Carry(from, to string, size int, deliver, lost func()) { w.due <- deliver }

func (w *directWire) After(host string, d time.Duration, fn func()) (stop func()) { return func() {} }

func (w *directWire) run() {
	for deliver := range w.due {
		w.events++
		deliver()
	}
}

// BenchmarkRoundTrip sends 1 KiB there and back over one connection.
func BenchmarkRoundTrip(b *testing.B) {
	w := &directWire{due: make(chan func(), 1024)}
	go w.run()
	n := threeHosts(w)
	l, err := n.Listen("n2", "tcp", ":80")
	if err != nil {
		b.Fatal(err)
	}
	c, err := n.Dial(b.Context(), "n1", "tcp", "n2:80")
	if err != nil {
		b.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = echo(s) }()
	buf := make([]byte, 1024)
	before := w.events
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.events-before)/float64(b.N), "events/op")
}

// echo sends back what it reads, 1 KiB at a time.
func echo(c net.Conn) error {
	buf := make([]byte, 1024)
	for {
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
		if _, err := c.Write(buf); err != nil {
			return err
		}
	}
}
