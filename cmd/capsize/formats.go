package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/history"
)

// formatDocs describe the formats of files, by their names.
var formatDocs = map[history.Format]string{
	history.JSONL:     "ours: one JSON object a line, as capsize run and go test keep them",
	history.EDN:       "Jepsen's history.edn: a stream or a vector of maps",
	history.JSON:      "what elle-cli reads: an array of objects like Jepsen's maps",
	history.Etcd:      "the log of a Jepsen test, as porcupine has them of etcd, or history.txt; of time it keeps the order",
	history.KV:        "porcupine's log of a key-value store; of time it keeps the order",
	history.Maelstrom: "Maelstrom's history.edn; in lin-kv its keys are independent",
}

func formatRows() []row {
	var all []row
	for _, f := range history.Formats() {
		all = append(all, row{f.String(), formatDocs[f]})
	}
	return all
}

func formatNames() []string { return append([]string{history.Auto.String()}, namesOf(formatRows())...) }

// findFormat returns the format with that name.
func findFormat(name string) (history.Format, error) {
	f, err := history.ParseFormat(name)
	if err != nil {
		return f, unknown("format", name, formatNames())
	}
	return f, nil
}

// complete has a shell complete the values of flags.
func complete(cmd *cobra.Command, values map[string][]string) {
	for flag, names := range values { // order: each flag by itself
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)) // flags are there
	}
}

// An input is a file that is being read, or the standard input.
type input struct {
	io.Reader
	name   string // for errors
	format history.Format
	jepsen bool // its ops are of type history.JepsenOp
	file   *os.File
}

// headBytes is how much of a file it takes to see what it is.
const headBytes = 64 << 10

// open opens a file, or the standard input if its name is "-", and finds out its
// format unless it is told.
func (a *app) open(file string, format history.Format) (*input, error) {
	in := &input{name: file, format: format}
	r := a.in
	if file == "-" {
		in.name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		in.file, r = f, f
	}
	br, head, err := peek(r)
	if err != nil {
		in.close()
		return nil, fmt.Errorf("read history: %s: %w", in.name, err)
	}
	in.Reader = br
	if format == history.Auto {
		if in.format, err = history.Detect(head); err != nil {
			in.close()
			return nil, fmt.Errorf("read history: %s:1: %w\n  formats: %s", in.name, err, strings.Join(namesOf(formatRows()), ", "))
		}
	}
	in.jepsen = in.format != history.JSONL || hasJepsenOps(head)
	return in, nil
}

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

func (in *input) close() {
	if in.file != nil {
		_ = in.file.Close() // it was read only
	}
}

// hasJepsenOps reports whether what was answered in a file of ours is what Jepsen
// would have recorded: the file was converted from one of Jepsen's.
func hasJepsenOps(head []byte) bool {
	for op, err := range history.Scan(bytes.NewReader(head), "", history.Options{Format: history.JSONL}) {
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
