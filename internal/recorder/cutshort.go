package recorder

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/goroutines"
	"github.com/capsize-go/capsize/internal/runlog"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// A CutShort is a run whose process died before it came to its end, as a [Recorder]
// found it.
type CutShort struct{ log *runlog.Unfinished }

// Dir returns the folder of the run: run.json, history.jsonl and crash.txt.
func (c CutShort) Dir() string { return c.log.Dir }

// Seed returns the seed of the run; 0 if run.json does not say it.
func (c CutShort) Seed() uint64 {
	rec, _ := c.Record() // a file that can't be read has the seed 0
	return rec.Seed
}

// Ops returns how many ops were recorded, and the virtual time of the last of them.
func (c CutShort) Ops() (n int, until time.Duration) { return c.log.Ops, c.log.Until }

// Remove removes the run from the disk.
func (c CutShort) Remove() error { return c.log.Remove() }

// Keep moves the run to the folder dir, where no recorder looks for it, or to one with a
// number added if that exists. It returns the folder.
func (c CutShort) Keep(dir string) (string, error) { return c.log.Keep(dir) }

// Crashed reports whether user code ended the process by a panic or a fatal error.
func (c CutShort) Crashed() bool { return c.log.Crash != "" && !c.timedOut() }

func (c CutShort) timedOut() bool { return strings.HasPrefix(c.log.Crash, "panic: test timed out") }

// Finding returns what ended the process, with the host whose goroutine it was, and its
// stack, as far as the runtime printed them.
func (c CutShort) Finding() cluster.Finding {
	switch {
	case c.log.Crash == "":
		return cluster.Finding{Kind: cluster.Ended, What: "the process ended without a word: by os.Exit or log.Fatal, or it was killed (kill -9, or out of memory)"}
	case c.timedOut():
		return cluster.Finding{Kind: cluster.Ended, What: "go test -timeout ended the process: " + firstLine(c.log.Crash)}
	}
	return goroutines.Crashed(c.log.Crash)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// String says what was cut short, when and by what, with the last ops.
func (c CutShort) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cut short: seed %d, %d ops recorded until %v", c.Seed(), c.log.Ops, c.log.Until.Round(time.Microsecond))
	if c.log.Judging {
		b.WriteString(", which was all of it: its history was being judged")
	}
	fmt.Fprintf(&b, "; see %s\n%v\n", filepath.ToSlash(filepath.Join(c.Dir(), runlog.HistoryFile)), c.Finding())
	if stack := c.Finding().Stack; stack != "" {
		const most = 24 // lines
		lines := strings.Split(stack, "\n")
		if len(lines) > most {
			lines = append(lines[:most], "… all of it is in "+filepath.ToSlash(filepath.Join(c.Dir(), runlog.CrashFile)))
		}
		fmt.Fprintf(&b, "\t%s\n", strings.Join(lines, "\n\t"))
	}
	if len(c.log.Last) > 0 {
		fmt.Fprintf(&b, "the last ops:\n\t%s\n", strings.Join(c.log.Last, "\n\t"))
	}
	return strings.TrimRight(b.String(), "\n")
}

// Record reads what it takes to repeat the run.
func (c CutShort) Record() (savedrun.Record, error) {
	rec, err := savedrun.Parse(c.log.Run, filepath.Join(c.Dir(), runlog.RunFile))
	if err == nil {
		err = rec.Validate()
	}
	return rec, err
}

// Differs says where the history of a run that was repeated differs from what was
// recorded before the first one was cut short. It is empty if it does not.
func (c CutShort) Differs(h *history.History) (string, error) {
	b, err := os.ReadFile(filepath.Join(c.Dir(), runlog.HistoryFile))
	if err != nil {
		return "", fmt.Errorf("read the history of a run that was cut short: %w", err)
	}
	var now bytes.Buffer
	if err := h.Write(&now); err != nil {
		return "", fmt.Errorf("write history: %w", err)
	}
	d := savedrun.Prefix(b, now.Bytes())
	if d.Line == 0 {
		return "", nil
	}
	return fmt.Sprintf("the histories differ from line %d on\n\tbefore: %s\n\tnow:    %s", d.Line, d.First, d.Second), nil
}
