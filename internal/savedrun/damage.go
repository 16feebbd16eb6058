package savedrun

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Damage says how the history that is saved in dir is damaged. It is empty if that is the one
// of the record, or if there is none to read: what it lacks is no difference of a run.
func (r Record) Damage(dir string) string {
	saved, err := os.ReadFile(filepath.Join(dir, History))
	if err != nil {
		return ""
	}
	return r.DamageText(saved)
}

// DamageText is [Record.Damage] with the text of a saved history.
func (r Record) DamageText(saved []byte) string {
	saved = bytes.ReplaceAll(saved, []byte("\r\n"), []byte("\n")) // git may have done that
	sum := sha256.Sum256(saved)
	if r.Digest == "" || hex.EncodeToString(sum[:]) == r.Digest {
		return ""
	}
	text := fmt.Sprintf("the saved history is damaged: %s has not the digest that %s says (%.8s)", History, File, r.Digest)
	lines := bytes.Count(saved, []byte("\n"))
	switch {
	case len(saved) == 0:
		return text + "; it is empty"
	case saved[len(saved)-1] != '\n':
		return fmt.Sprintf("%s; line %d, its last, is cut short", text, lines+1)
	}
	return fmt.Sprintf("%s; it has %d lines", text, lines)
}
