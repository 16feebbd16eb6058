// Package hostlog is the log of what code on the hosts of a cluster logs, by virtual time. A [Recorder] writes it: it gives each
// host a handler of package slog, and a writer for libraries that write lines. A [Log] is for reading.
package hostlog

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// A Recorder writes a [Log].
type Recorder struct{ log *Log }

// New returns a recorder of an empty log. Now returns the virtual time; out gets each line as well, and may be nil.
func New(now func() time.Duration, out io.Writer) Recorder { return Recorder{&Log{now: now, out: out}} }

// Log returns the log, which may be read while it is written and after it is closed.
func (r Recorder) Log() *Log { return r.log }

// Handler returns a handler whose records become lines of a host: the message, then the attributes.
func (r Recorder) Handler(host string) slog.Handler { return handler{add: r.adder(host)} }

// Writer returns a writer each of whose lines becomes a line of a host. Its level is the one that the line names in
// brackets, "[WARN]" or "[ERR]", and [slog.LevelInfo] if it names none.
func (r Recorder) Writer(host string) io.Writer { return &lineWriter{add: r.adder(host)} }

// Close ends the log: what is logged from now on is dropped.
func (r Recorder) Close() {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.closed = true
}

// adder returns what adds lines of a host.
func (r Recorder) adder(host string) adder {
	return func(level slog.Level, text string) { r.log.add(host, level, text) }
}

// Memory is how many bytes of log lines a [Log] keeps in memory. Older lines go
// to a temporary file, which the operating system frees with the Log.
const Memory = 8 << 20

// overhead is what a Line takes beside its text.
const overhead = 64

// A Line is one line that code on a host logged.
type Line struct {
	At    time.Duration // virtual time since the run began; not the host's clock, which may be wrong
	Host  string        // n1, c0, …
	Level slog.Level
	Text  string // the message and its attributes, without a line end; lines after the first are indented
}

// String formats the line as it stands in a file: "12.345678s n1 INFO elected term=3".
func (l Line) String() string {
	return fmt.Sprintf("%.6fs %s %v %s", l.At.Seconds(), l.Host, l.Level, l.Text)
}

// A Log holds what the hosts of a cluster logged, in the order of virtual time:
// the last [Memory] bytes in memory, and what is older in a temporary file, so
// that a host which logs for hours does not use up the memory. It costs nothing while hosts
// log nothing. Logging draws nothing and takes no virtual time,
// so it never changes a run. A Log is safe for concurrent use.
type Log struct {
	now func() time.Duration
	out io.Writer // gets each line as well; may be nil

	mu     sync.Mutex
	lines  []Line
	size   int // bytes of lines
	n      int // lines, those in the file included
	spill  *os.File
	err    error // why older lines could not be kept
	closed bool
}

// spillOlder moves the older half of the lines to the file.
func (g *Log) spillOlder() {
	half := len(g.lines) / 2
	older := g.lines[:half]
	if g.spill == nil && g.err == nil {
		if g.spill, g.err = os.CreateTemp("", "capsize-log-"); g.err == nil {
			// Where a file can be removed while it is open, the system frees it with the Log.
			_ = os.Remove(g.spill.Name())
		}
	}
	var b bytes.Buffer
	for _, l := range older {
		encodeLine(&b, l)
		g.size -= len(l.Text) + overhead
	}
	if g.err == nil {
		_, g.err = g.spill.Write(b.Bytes())
	}
	g.lines = append([]Line(nil), g.lines[half:]...)
}

// encodeLine writes a line as the file keeps it: its instant, its level, and the
// lengths of its host and its text before them.
func encodeLine(b *bytes.Buffer, l Line) {
	var head []byte
	for _, x := range []int64{int64(l.At), int64(l.Level), int64(len(l.Host)), int64(len(l.Text))} {
		head = binary.AppendVarint(head, x)
	}
	b.Write(head)
	b.WriteString(l.Host)
	b.WriteString(l.Text)
}

// decodeLine reads a line that encodeLine wrote.
func decodeLine(r *bufio.Reader) (l Line, err error) {
	var head [4]int64
	for i := range head {
		if head[i], err = binary.ReadVarint(r); err != nil {
			return l, err
		}
	}
	text := make([]byte, head[2]+head[3])
	_, err = io.ReadFull(r, text)
	return Line{time.Duration(head[0]), string(text[:head[2]]), slog.Level(head[1]), string(text[head[2]:])}, err
}

// Len returns how many lines were logged.
func (g *Log) Len() int {
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

// All returns the lines in order. Those that are logged while it runs may be missing.
func (g *Log) All() iter.Seq[Line] {
	return func(yield func(Line) bool) {
		if g == nil {
			return
		}
		g.mu.Lock()
		spill, lines := g.spill, g.lines
		g.mu.Unlock()
		if spill != nil {
			r := bufio.NewReader(io.NewSectionReader(spill, 0, 1<<62))
			for {
				l, err := decodeLine(r)
				if err != nil {
					break
				}
				if !yield(l) {
					return
				}
			}
		}
		for _, l := range lines {
			if !yield(l) {
				return
			}
		}
	}
}

// Tail returns the last n lines that were logged at instant t or before it.
func (g *Log) Tail(t time.Duration, n int) []Line {
	var last []Line
	for l := range g.All() {
		if l.At > t {
			break
		}
		if last = append(last, l); len(last) > 2*n {
			last = append(last[:0], last[len(last)-n:]...)
		}
	}
	return last[max(0, len(last)-n):]
}

// Err says why lines are missing: the temporary file could not be written. It is nil
// if none are.
func (g *Log) Err() error {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		return nil
	}
	return fmt.Errorf("keep older log lines: %w", g.err)
}

// add appends a line of a host.
func (g *Log) add(host string, level slog.Level, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	l := Line{g.now(), host, level, strings.ReplaceAll(text, "\n", "\n\t")}
	g.n++
	g.size += len(l.Text) + overhead
	g.lines = append(g.lines, l)
	if g.out != nil {
		fmt.Fprintln(g.out, l)
	}
	if g.size > Memory {
		g.spillOlder()
	}
}

// WriteTo writes all lines, one a line, as [Line.String] formats them.
func (g *Log) WriteTo(w io.Writer) (n int64, err error) {
	b := bufio.NewWriter(w)
	for l := range g.All() {
		m, e := fmt.Fprintln(b, l)
		n += int64(m)
		if err = e; err != nil {
			break
		}
	}
	if err = errors.Join(err, b.Flush()); err != nil {
		return n, fmt.Errorf("write log: %w", err)
	}
	return n, nil
}
