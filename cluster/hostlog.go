package cluster

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

	"github.com/capsize-go/capsize/cluster/internal/hostlog"
)

// LogMemory is how many bytes of log lines a [Log] keeps in memory. Older lines go
// to a temporary file, which the operating system frees with the Log.
const LogMemory = 8 << 20

// lineOverhead is what a LogLine takes beside its text.
const lineOverhead = 64

// A LogLine is one line that code on a host logged.
type LogLine struct {
	At    time.Duration // virtual time since the run began; not the host's clock, which may be wrong
	Host  string        // n1, c0, …
	Level slog.Level
	Text  string // the message and its attributes, without a line end; lines after the first are indented
}

// String formats the line as it stands in a file: "12.345678s n1 INFO elected term=3".
func (l LogLine) String() string {
	return fmt.Sprintf("%.6fs %s %v %s", l.At.Seconds(), l.Host, l.Level, l.Text)
}

// A Log holds what the hosts of a cluster logged, in the order of virtual time:
// the last [LogMemory] bytes in memory, and what is older in a temporary file, so
// that a host which logs for hours does not use up the memory. It costs nothing while hosts
// log nothing. Logging draws nothing and takes no virtual time,
// so it never changes a run. A Log is safe for concurrent use.
type Log struct {
	now func() time.Duration
	out io.Writer // gets each line as well; may be nil

	mu     sync.Mutex
	lines  []LogLine
	size   int // bytes of lines
	n      int // lines, those in the file included
	spill  *os.File
	err    error // why older lines could not be kept
	closed bool
}

// add appends a line.
func (g *Log) add(host string, level slog.Level, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	l := LogLine{g.now(), host, level, strings.ReplaceAll(text, "\n", "\n\t")}
	g.n++
	g.size += len(l.Text) + lineOverhead
	g.lines = append(g.lines, l)
	if g.out != nil {
		fmt.Fprintln(g.out, l)
	}
	if g.size > LogMemory {
		g.spillOlder()
	}
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
		g.size -= len(l.Text) + lineOverhead
	}
	if g.err == nil {
		_, g.err = g.spill.Write(b.Bytes())
	}
	g.lines = append([]LogLine(nil), g.lines[half:]...)
}

// encodeLine writes a line as the file keeps it: its instant, its level, and the
// lengths of its host and its text before them.
func encodeLine(b *bytes.Buffer, l LogLine) {
	var head []byte
	for _, x := range []int64{int64(l.At), int64(l.Level), int64(len(l.Host)), int64(len(l.Text))} {
		head = binary.AppendVarint(head, x)
	}
	b.Write(head)
	b.WriteString(l.Host)
	b.WriteString(l.Text)
}

// decodeLine reads a line that encodeLine wrote.
func decodeLine(r *bufio.Reader) (l LogLine, err error) {
	var head [4]int64
	for i := range head {
		if head[i], err = binary.ReadVarint(r); err != nil {
			return l, err
		}
	}
	text := make([]byte, head[2]+head[3])
	_, err = io.ReadFull(r, text)
	return LogLine{time.Duration(head[0]), string(text[:head[2]]), slog.Level(head[1]), string(text[head[2]:])}, err
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
func (g *Log) All() iter.Seq[LogLine] {
	return func(yield func(LogLine) bool) {
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
func (g *Log) Tail(t time.Duration, n int) []LogLine {
	var last []LogLine
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

// close ends the log: what is logged from now on is dropped.
func (g *Log) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Logs returns what the hosts have logged. It may be read after [Cluster.Stop].
func (c *Cluster) Logs() *Log { return c.log }

// Log returns the host's logger. Its lines carry the host's name and the virtual
// time of the run, and all levels from [slog.LevelDebug] on are kept; see
// [Cluster.Logs]. Libraries that want a [log.Logger] get one by
// slog.NewLogLogger(h.Log().Handler(), slog.LevelInfo), and those that write lines
// get [Host.LogWriter]. Package log and [slog.Default] know no host: what they print
// goes where it goes without Capsize.
func (h *Host) Log() *slog.Logger { return slog.New(hostlog.NewHandler(h.addLine)) }

// LogWriter returns a writer for libraries that log by writing lines, as log.New,
// hclog and zap do. Each line becomes a line of [Host.Log]; its level is the one that
// it names in brackets, "[WARN]" or "[ERR]", and [slog.LevelInfo] if it names none.
func (h *Host) LogWriter() io.Writer { return hostlog.NewWriter(h.addLine) }

// addLine adds a line of the host to the log of the cluster.
func (h *Host) addLine(level slog.Level, text string) { h.m.c.log.add(h.m.name, level, text) }

// WriteTo writes all lines, one a line, as [LogLine.String] formats them.
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
