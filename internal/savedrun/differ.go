package savedrun

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/capsize-go/capsize/history"
)

// A Difference is where two histories differ first. Its two lines are never the same
// text; the zero value stands for histories that are alike.
type Difference struct {
	Line          int // from 1
	First, Second string
}

// ended stands for the line of a history that has no more.
const ended = "(it has ended)"

// Lines returns the first line in which two histories, each as JSON lines, differ.
// Lines that are long are cut to what surrounds the difference.
func Lines(a, b []byte) Difference {
	was, is := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range max(len(was), len(is)) {
		if x, y := lineAt(was, i), lineAt(is, i); x != y {
			x, y = Apart(x, y)
			return Difference{i + 1, x, y}
		}
	}
	return Difference{}
}

func lineAt(lines [][]byte, i int) string {
	if i >= len(lines) {
		return ended
	}
	line := bytes.TrimSuffix(lines[i], []byte("\r")) // git may have put it there
	if len(line) == 0 {
		return ended
	}
	return string(line)
}

// Apart cuts two texts that differ to what surrounds the first difference, so that
// both can be printed and still differ.
func Apart(a, b string) (string, string) {
	const before, after = 160, 160 // bytes
	first := 0
	for first < min(len(a), len(b)) && a[first] == b[first] {
		first++
	}
	from := 0
	if first > before+40 {
		from = first - before
	}
	return clip(a, from, first+after), clip(b, from, first+after)
}

// clip returns s[from:to] with marks where something was cut off.
func clip(s string, from, to int) string {
	for from > 0 && from < len(s) && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	left, right := "", ""
	if from > 0 {
		left = "…"
	}
	if to < len(s)-40 {
		right = "…"
	} else {
		to = len(s)
	}
	return left + s[min(from, len(s)):min(to, len(s))] + right
}

// Compare compares a history with the one that is saved in dir. It returns no
// difference if they are the same byte for byte, and an error if nothing is saved
// there to compare with.
func Compare(dir string, h *history.History) (Difference, error) {
	saved, err := os.ReadFile(filepath.Join(dir, History))
	if errors.Is(err, fs.ErrNotExist) {
		return Difference{}, fmt.Errorf("there is no %s to compare with: %w", History, err)
	}
	if err != nil {
		return Difference{}, fmt.Errorf("read history: %w", err)
	}
	return CompareText(saved, h)
}

// CompareText is [Compare] with the text of a saved history.
func CompareText(saved []byte, h *history.History) (Difference, error) {
	var now bytes.Buffer
	if err := h.Write(&now); err != nil {
		return Difference{}, fmt.Errorf("write history: %w", err)
	}
	if bytes.Equal(saved, now.Bytes()) {
		return Difference{}, nil
	}
	return Lines(saved, now.Bytes()), nil
}
