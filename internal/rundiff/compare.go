package rundiff

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/capsize-go/capsize/internal/savedrun"
)

// Compare says in what two runs differ that are to be the same: the first decision, the first op of their histories, or what
// there is no line of. It is empty if nothing does.
func Compare(a, b Run) (differs []string, err error) {
	if a.Name != b.Name || a.Seed != b.Seed {
		return []string{fmt.Sprintf("they are not of one test and seed\n  first:  %s, seed %d\n  second: %s, seed %d", a.Name, a.Seed, b.Name, b.Seed)}, nil
	}
	if a.Steps != b.Steps || a.Decisions != b.Decisions {
		d, err := firstLine("the scheduler's decision", decisionsFile, a, b)
		if err != nil {
			return nil, err
		}
		if d == "" {
			d = fmt.Sprintf("the scheduler's decisions differ, %d and %d, but none of those that were kept", a.Steps, b.Steps)
		}
		differs = append(differs, d)
	}
	if a.Digest != b.Digest {
		d, err := firstLine("line", historyFile, a, b)
		if err != nil {
			return nil, err
		}
		differs = append(differs, "the histories: "+d)
	}
	if a.Trace != b.Trace {
		differs = append(differs, fmt.Sprintf("what the nodes said to each other: traces %s and %s", a.Trace, b.Trace))
	}
	if a.Points != b.Points && len(differs) == 0 {
		differs = append(differs, fmt.Sprintf("points that the scheduler passed: %d and %d", a.Points, b.Points))
	}
	if a.Verdict != b.Verdict {
		differs = append(differs, fmt.Sprintf("the verdicts: %s and %s", a.Verdict, b.Verdict))
	}
	return differs, nil
}

// firstLine says which line of a file of two runs is the first that differs. It is empty if none does.
func firstLine(what, file string, a, b Run) (string, error) {
	x, err := open(filepath.Join(a.dir, file))
	if err != nil {
		return "", err
	}
	defer x.Close()
	y, err := open(filepath.Join(b.dir, file))
	if err != nil {
		return "", err
	}
	defer y.Close()
	linesX, linesY := bufio.NewReader(x), bufio.NewReader(y)
	for i := 1; ; i++ {
		first, okX, errX := line(linesX)
		second, okY, errY := line(linesY)
		if err := errors.Join(errX, errY); err != nil {
			return "", fmt.Errorf("compare %s: %w", file, err)
		}
		switch {
		case !okX && !okY:
			return "", nil
		case first != second || okX != okY:
			first, second = savedrun.Apart(first, second)
			return fmt.Sprintf("%s %d differs\n  first:  %s\n  second: %s", what, i, first, second), nil
		}
	}
}

// open opens a file of a run. One that was not written has no lines.
func open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(strings.NewReader("")), nil
	}
	if err != nil {
		return nil, fmt.Errorf("compare runs: %w", err)
	}
	return f, nil
}

// line reads a line, however long. One that is not there is said to have ended.
func line(r *bufio.Reader) (text string, ok bool, err error) {
	text, err = r.ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if text == "" {
		return "(it has ended)", false, err
	}
	return strings.TrimSuffix(text, "\n"), true, err
}
