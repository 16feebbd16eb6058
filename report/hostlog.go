package report

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A LogLine is a line that code on a host logged, or that a fault was injected or healed.
type LogLine struct {
	At    time.Duration // since the run began
	Host  string        // n1, c0, or nemesis
	Level string        // INFO; empty for the nemesis
	Text  string
}

// String formats the line as it stands in log.txt.
func (l LogLine) String() string {
	level := l.Level
	if level != "" {
		level += " "
	}
	return fmt.Sprintf("%.6fs %s %s%s", l.At.Seconds(), l.Host, level, l.Text)
}

const (
	logFile     = "log.txt"
	maxLogLines = 20 // below a counterexample
)

// writeLog writes all log lines into dir. Those of a long run do not fit into memory.
func writeLog(dir string, run Run) (err error) {
	if run.Log == nil {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, logFile))
	if err != nil {
		return fmt.Errorf("write log of the report: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("write log of the report: %w", e)
		}
	}()
	b := bufio.NewWriter(f)
	for l := range run.Log {
		if _, err := fmt.Fprintln(b, l); err != nil {
			return fmt.Errorf("write log of the report: %w", err)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write log of the report: %w", err)
	}
	return nil
}

// logTail returns the last log lines at instant t or before it, and how many there are
// before them.
func logTail(run Run, t time.Duration) (last []LogLine, before int) {
	if run.Log == nil {
		return nil, 0
	}
	for l := range run.Log {
		if l.At > t {
			break
		}
		if last = append(last, l); len(last) > maxLogLines {
			last = last[1:]
			before++
		}
	}
	return last, before
}

// logBlock shows the log lines that lead to the counterexample, or to the end of a run
// that has none.
func logBlock(run Run, s Style) []string {
	if !s.Verbose || run.Log == nil {
		return nil
	}
	at, until := run.end(), "the end"
	if why := run.why(); why != nil {
		at, until = foundAt(why), "the counterexample, found at "+short(foundAt(why))
	}
	last, before := logTail(run, at)
	if len(last) == 0 {
		return []string{s.paint(faint, "no host logged anything before "+until)}
	}
	head := "log lines before " + until
	if before > 0 {
		head = fmt.Sprintf("the last %d of %s before %s", len(last), plural(before+len(last), "log line"), until)
	}
	block := []string{s.paint(faint, head)}
	for _, l := range last {
		line := clean(l.String(), s.width()-len(indent)-2)
		ink := ink("")
		switch l.Level {
		case "WARN":
			ink = yellow
		case "ERROR":
			ink = red
		case "":
			ink = purple
		}
		block = append(block, "  "+s.paint(ink, line))
	}
	return block
}

// metricsBlock shows the metrics in two columns.
func metricsBlock(run Run, s Style) []string {
	if !s.Verbose || len(run.Metrics) == 0 {
		return nil
	}
	wide := 0
	for _, m := range run.Metrics {
		wide = max(wide, runes(clean(m.Name, 60)))
	}
	block := []string{s.paint(faint, "metrics")}
	for _, m := range run.Metrics {
		line := "  " + pad(clean(m.Name, 60), wide) + "  " + m.Text()
		if m.Note != "" {
			line += "  " + s.paint(faint, clean(m.Note, 200))
		}
		block = append(block, line)
	}
	return block
}
