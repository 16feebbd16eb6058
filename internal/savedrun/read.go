package savedrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/capsize-go/capsize/nemesis"
)

// Read reads the record at path: a folder with a run.json, or that file. It returns
// the file that it read. An error names the file and the line. A record without
// numbers that a run needs is no error here: see [Record.Validate].
func Read(path string) (r Record, file string, err error) {
	file = path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		file = filepath.Join(path, File)
	}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file != path:
		return r, file, fmt.Errorf("%s has no %s: %w", path, File, err)
	case err != nil:
		return r, file, fmt.Errorf("read run: %w", err)
	}
	r, err = Parse(b, file)
	return r, file, err
}

// Parse reads a record, with its plan, from the text of a file. An error names that file
// and the line.
func Parse(b []byte, file string) (r Record, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err = d.Decode(&r)
	r.text, r.file = b, file
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("unexpected end of JSON input")
	}
	if err != nil {
		return r, r.at(offsetOf(b, err), err)
	}
	if r.Rate == 0 {
		r.Rate = math.Inf(1)
	}
	if len(r.RawPlan) == 0 || string(r.RawPlan) == "null" {
		r.RawPlan = nil
		return r, nil
	}
	// Empty lines before the plan make its lines those of the file.
	above := bytes.Count(b[:max(0, bytes.Index(b, r.RawPlan))], []byte("\n"))
	if r.Plan, err = nemesis.ReadPlan(strings.NewReader(strings.Repeat("\n", above)+string(r.RawPlan)), file); err != nil {
		return r, fmt.Errorf("read run: %w", err)
	}
	return r, nil
}

// at names the line of the file that an error is about.
func (r Record) at(offset int, err error) error {
	text := bytes.TrimRight(r.text, "\n") // what ends too early does so on the last line
	line := 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
	return fmt.Errorf("read run: %s:%d: %w", r.file, line, err)
}

// Validate returns an error that names file and line if a number that a run needs is
// missing or makes no sense.
func (r Record) Validate() error {
	for _, n := range []struct {
		name string
		bad  bool
	}{
		{"nodes", r.Nodes < 1}, {"clients", r.Clients < 1}, {"rate", !(r.Rate > 0)},
		{"duration_ns", r.Duration <= 0}, {"timeout_ns", r.Timeout <= 0}, {"settle_ns", r.Settle <= 0},
	} {
		if n.bad {
			return r.at(bytes.Index(r.text, fmt.Appendf(nil, "%q", n.name)), fmt.Errorf("%q is missing or makes no sense", n.name))
		}
	}
	return nil
}

var unknownField = regexp.MustCompile(`unknown field ("[^"]*")`)

// offsetOf returns where in b an error of package json is.
func offsetOf(b []byte, err error) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.As(err, &kind):
		return int(kind.Offset)
	}
	if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
		return bytes.Index(b, []byte(m[1]))
	}
	return len(b)
}
