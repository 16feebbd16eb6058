package models

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// formatDocs describe the formats of files, by their names.
var formatDocs = map[history.Format]string{
	history.JSONL:     "ours: one JSON object a line, as capsize run and go test keep them",
	history.EDN:       "Jepsen's history.edn: a stream or a vector of maps, or of vectors of process, type, f and value",
	history.JSON:      "an object an op, in an array or one a line, with Jepsen's fields or others for them: what elle-cli and event logs have",
	history.Calls:     "an object a call, with both times: porcupine.Operation as JSON, or one a line; read only",
	history.Etcd:      "the log of a Jepsen test, jepsen.log or history.txt, whatever stands before an op; of time it keeps the order",
	history.KV:        "porcupine's log of a key-value store; of time it keeps the order",
	history.Maelstrom: "Maelstrom's history.edn; in lin-kv its keys are independent",
}

// Formats describes the formats of files, in the order in which they are documented.
func Formats() []Row {
	var all []Row
	for _, f := range history.Formats() {
		all = append(all, Row{f.String(), formatDocs[f]})
	}
	return all
}

// FormatNames lists the names that [FindFormat] knows: auto and those of [Formats].
func FormatNames() []string { return append([]string{history.Auto.String()}, Names(Formats())...) }

// FindFormat returns the format with that name. The error lists the names.
func FindFormat(name string) (history.Format, error) {
	f, err := history.ParseFormat(name)
	if err != nil {
		return f, names.Unknown("format", name, FormatNames())
	}
	return f, nil
}

// A Source is a file with a history that is open for reading. Its format is known.
type Source struct {
	Name   string         // the file's name, for errors
	Format history.Format // never Auto

	r      io.Reader
	jepsen bool // its ops are of type history.JepsenOp
	file   io.Closer
}

// headBytes is how much of a file it takes to see what it is.
const headBytes = 64 << 10

// Open opens a file, decompresses it if it is gzip's, and finds its format unless
// that is given. The caller closes it.
func Open(file string, format history.Format) (*Source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	src, err := NewSource(f, file, format)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	src.file = f
	return src, nil
}

// NewSource does what [Open] does for a file that is open already.
func NewSource(r io.Reader, name string, format history.Format) (*Source, error) {
	br, head, err := peek(r)
	if err != nil {
		return nil, fmt.Errorf("read history: %s: %w", name, err)
	}
	src := &Source{Name: name, Format: format, r: br}
	if format == history.Auto {
		if src.Format, err = history.Detect(head); err != nil {
			if f, none := txnfile.Detect(head); none == nil {
				return nil, fmt.Errorf("read history: %s:1: this is a history of transactions in the format %v: judge it with --model rw-register", name, f)
			}
			return nil, fmt.Errorf("read history: %s:1: %w\n  formats: %s", name, err, strings.Join(Names(Formats()), ", "))
		}
	}
	src.jepsen = src.Format != history.JSONL || hasJepsenOps(head)
	return src, nil
}

// Close closes the file that [Open] opened.
func (s *Source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Read reads on, decompressed.
func (s *Source) Read(p []byte) (int, error) { return s.r.Read(p) }

// peek returns the beginning of what r reads, decompressed if it is gzip's.
func peek(r io.Reader) (*bufio.Reader, []byte, error) {
	br := bufio.NewReaderSize(r, headBytes)
	head, err := br.Peek(headBytes)
	if bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(br); err != nil {
			return nil, nil, err
		}
		br = bufio.NewReaderSize(z, headBytes)
		head, err = br.Peek(headBytes)
	}
	if err == io.EOF {
		err = nil
	}
	return br, head, err
}

// hasJepsenOps reports whether what was answered in a file of ours is what Jepsen
// would have recorded: the file was converted from one of Jepsen's.
func hasJepsenOps(head []byte) bool {
	opts := history.Options{Format: history.JSONL, Lenient: true}
	for op, err := range history.Scan(bytes.NewReader(head), "", opts) {
		if err != nil {
			return false
		}
		if op.Process != history.Nemesis && op.Output != nil {
			_, is := op.Output.(history.JepsenOp)
			return is
		}
	}
	return false
}
