package savedrun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/capsize-go/capsize/history"
)

// A Saved is a history that is saved beside a record, as it was when it was read.
type Saved struct {
	// Damage says how the history is damaged. It is empty if that is the one of the record,
	// or if there is none: what it lacks is no difference of a run.
	Damage string
	// Missing is true if there is none.
	Missing bool

	text   []byte
	digest string // of the record
}

// ReadHistory reads the history that is saved with the record in dir. It is no error if
// there is none.
func (r Record) ReadHistory(dir string) (Saved, error) {
	text, err := os.ReadFile(filepath.Join(dir, History))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Saved{Missing: true, digest: r.Digest}, nil
	case err != nil:
		return Saved{}, fmt.Errorf("read history: %w", err)
	}
	return Saved{Damage: r.damage(text, History+" has not the digest that "+File+" says"), text: text, digest: r.Digest}, nil
}

// HistoryOf returns a history to compare others with: the text, as [history.History.Write] writes it, that was kept with the record. It
// is missing if it is empty.
func (r Record) HistoryOf(text []byte) Saved {
	if len(text) == 0 {
		return Saved{Missing: true, digest: r.Digest}
	}
	return Saved{Damage: r.damage(text, "the history of the file has not the digest that the file says"), text: text, digest: r.Digest}
}

// damage says how the text of a saved history is damaged.
func (r Record) damage(saved []byte, how string) string {
	saved = bytes.ReplaceAll(saved, []byte("\r\n"), []byte("\n")) // git may have done that
	if r.Digest == "" || digestOf(saved) == r.Digest {
		return ""
	}
	text := fmt.Sprintf("the saved history is damaged: %s (%.8s)", how, r.Digest)
	lines := bytes.Count(saved, []byte("\n"))
	switch {
	case len(saved) == 0:
		return text + "; it is empty"
	case saved[len(saved)-1] != '\n':
		return fmt.Sprintf("%s; line %d, its last, is cut short", text, lines+1)
	}
	return fmt.Sprintf("%s; it has %d lines", text, lines)
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// A Comparison says whether a history is the saved one. Where they differ it has the first
// line that does, unless the saved one is missing or damaged: then only digests can be compared.
type Comparison struct {
	Same   bool
	Digest string // of the new history; see [history.History.Digest]
	Difference
}

// Compare compares a history with the saved one.
func (s Saved) Compare(h *history.History) (Comparison, error) {
	var now bytes.Buffer
	if err := h.Write(&now); err != nil {
		return Comparison{}, fmt.Errorf("write history: %w", err)
	}
	c := Comparison{Digest: digestOf(now.Bytes())}
	c.Same = c.Digest == s.digest
	if c.Same || s.Missing || s.Damage != "" {
		return c, nil
	}
	c.Difference = Lines(s.text, now.Bytes())
	c.Same = c.Line == 0 // of a record without a digest
	return c, nil
}
