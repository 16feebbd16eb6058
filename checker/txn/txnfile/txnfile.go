package txnfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A Format says how a file keeps a history of transactions.
type Format uint8

const (
	// Auto stands for the format that is found by looking.
	Auto Format = iota
	// EDN is Jepsen's history.edn: a stream, a vector or a list of maps, whose value is a list of operations: [[:append :x 1] [:r :y nil]].
	EDN
	// JSON is what elle-cli reads: an array or a stream of objects like these maps: [["append", "x", 1], ["r", "y", null]].
	JSON
	// JSONL is ours, as capsize run keeps it: one JSON object a line, with the operations in input and output.
	JSONL
	// Plume is the text of PolySI and Plume, an operation a line: r(KEY,VALUE,SESSION,TRANSACTION), or w. It is of registers that hold 0
	// at first, and knows no times and no aborted transactions.
	Plume
	// Cobra is a folder with a binary log a session, as Cobra's clients write them.
	Cobra
	// DBCop is dbcop's history.bincode.
	DBCop
	// AWDIT is the text of AWDIT's tests: sessions as blocks.
	AWDIT
)

var formatNames = [...]string{"auto", "edn", "json", "jsonl", "plume", "cobra", "dbcop", "awdit"}

// String returns the format's name.
func (f Format) String() string {
	if int(f) >= len(formatNames) {
		return fmt.Sprintf("format(%d)", uint8(f))
	}
	return formatNames[f]
}

// Formats lists the formats that files have: all but Auto.
func Formats() []Format { return []Format{EDN, JSON, JSONL, Plume, Cobra, DBCop, AWDIT} }

// ParseFormat returns the format with that name.
func ParseFormat(name string) (Format, error) {
	for i, n := range formatNames {
		if n == name {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("format %q is none of %s", name, strings.Join(formatNames[:], ", "))
}

// Options say how to read a file. The zero value reads a history of lists.
type Options struct {
	Format  Format
	Kind    txn.Kind // what transactions read and write
	Guess   bool     // find that out by looking at what they do
	Lenient bool     // read what contradicts itself, and say in [File.Assumed] what was assumed
	Rename  history.Renames
}

// A File is what was read.
type File struct {
	History *txn.History
	Format  Format
	Kind    txn.Kind
	Assumed history.Assumptions // what a lenient reader assumed
	Notes   []string            // what else a reader of the verdict must know
	Start   time.Time           // of the first op in UTC, if the file has times of the wall clock; those of the history count from it
}

// Open reads a file, or for [Cobra] a folder. It may be compressed by gzip.
func Open(path string, o Options) (*File, error) {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		if o.Format != Auto && o.Format != Cobra {
			return nil, fmt.Errorf("read history: %s is a folder, and %v is a file", path, o.Format)
		}
		return openFolder(path, o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer func() { _ = f.Close() }() // it was read only
	return Read(f, path, o)
}

// headBytes is how much of a file it takes to see what it is.
const headBytes = 64 << 10

// Read reads a file that is open; name is the file's, for errors. Errors are of type [*history.FileError], and name the line.
func Read(r io.Reader, name string, o Options) (*File, error) {
	br, head, err := peek(r)
	if err != nil {
		return nil, placedIn(name, 1, err)
	}
	if o.Format == Auto {
		if o.Format, err = Detect(head); err != nil {
			return nil, placedIn(name, 1, err)
		}
	}
	c := newCalls(o)
	if err := readers[o.Format](br, c); err != nil {
		return nil, placedIn(name, 1, err)
	}
	f, err := c.file(o.Format)
	if err != nil {
		return nil, placedIn(name, 1, err)
	}
	return f, nil
}

// peek returns the beginning of what r reads, decompressed if it is gzip's.
func peek(r io.Reader) (*bufio.Reader, []byte, error) {
	br := bufio.NewReaderSize(r, headBytes)
	head, err := br.Peek(headBytes)
	if bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, nil, err
		}
		br = bufio.NewReaderSize(z, headBytes)
		head, err = br.Peek(headBytes)
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		return br, head, nil
	}
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	return br, head, nil
}

// readers read the formats.
var readers = [...]func(io.Reader, *calls) error{
	EDN: readOps(EDN), JSON: readOps(JSON), JSONL: readOps(JSONL), Plume: readPlume, Cobra: readCobra, DBCop: readDBCop, AWDIT: readAWDIT,
}

// file ends the history and says what it is.
func (c *calls) file(format Format) (*File, error) {
	h, err := c.end()
	if err != nil {
		return nil, err
	}
	f := &File{History: h, Format: format, Kind: c.opts.Kind, Assumed: c.assumed}
	if c.opts.Guess {
		f.Kind = c.guess()
	}
	f.fromFirst()
	if h.Sessionless {
		f.Notes = append(f.Notes, "no op has a process: each transaction was taken for a session of its own, so that nothing is judged that needs sessions")
	}
	if c.unknown > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d transactions ended ok without a value: what they read is not known", c.unknown))
	}
	return f, nil
}

// wallClock is the least time that is taken for one of the wall clock: 1980.
const wallClock = 10 * 365 * 24 * time.Hour

// fromFirst makes times count from the first op.
func (f *File) fromFirst() {
	places := f.History.Places
	if len(places) == 0 {
		return
	}
	first := places[0].Invoked
	for _, p := range places {
		first = min(first, p.Invoked)
	}
	if first > wallClock {
		f.Start = time.Unix(0, int64(first)).UTC()
	}
	if first <= 0 {
		return
	}
	for i := range places {
		places[i].Invoked -= first
		if places[i].Completed != history.Forever {
			places[i].Completed -= first
		}
	}
}

// A placed is an error of another line than the one that is read.
type placed struct {
	line int
	err  error
}

func (e *placed) Error() string { return e.err.Error() }
func (e *placed) Unwrap() error { return e.err }

// placedIn puts the place to an error.
func placedIn(name string, line int, err error) error {
	var p *placed
	if errors.As(err, &p) {
		line, err = p.line, p.err
	}
	if name == "" {
		name = "history"
	}
	return &history.FileError{File: name, Line: line, Err: err}
}

// Hint returns what a user can do about an error other than to mend the file, or "".
func Hint(err error) string {
	var flaw *history.FlawError
	if !errors.As(err, &flaw) {
		return ""
	}
	return flaw.Hint() + "\n  --lenient goes on, and says what it assumed"
}
