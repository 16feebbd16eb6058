package txnfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/capsize-go/capsize/history"
)

// The text formats, by how their first line begins.
var (
	plumeStart = regexp.MustCompile(`^\s*[rw]\(\s*\d+\s*,`)
	awditStart = regexp.MustCompile(`^[\s=-]*[rw][ \t]+\d+[ \t]+\d+[ \t]*(\r?\n|$)`)
)

// Detect returns the format of a file that begins like head.
func Detect(head []byte) (Format, error) {
	switch {
	case plumeStart.Match(head):
		return Plume, nil
	case awditStart.Match(head):
		return AWDIT, nil
	case isCobra(head):
		return Cobra, nil
	case isDBCop(head):
		return DBCop, nil
	}
	f, err := history.Detect(head)
	if err != nil {
		return Auto, err
	}
	switch f {
	case history.EDN, history.Maelstrom:
		return EDN, nil
	case history.JSON:
		return JSON, nil
	case history.JSONL:
		if rest := bytes.TrimLeft(head, "\ufeff \t\r\n"); len(rest) == 0 {
			return EDN, nil // an empty history
		}
		return JSONL, nil
	}
	return Auto, errors.New("this is a history of the format " + f.String() + ", which has no transactions")
}

// DetectFile returns the format of a file, or of a folder.
func DetectFile(path string) (Format, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return Auto, fmt.Errorf("read history: %w", err)
	}
	if fi.IsDir() {
		if exists(filepath.Join(path, dbcopName)) {
			return DBCop, nil
		}
		return Cobra, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return Auto, fmt.Errorf("read history: %w", err)
	}
	defer func() { _ = f.Close() }() // it was read only
	_, head, err := peek(f)
	if err != nil {
		return Auto, placedIn(path, 1, err)
	}
	return Detect(head)
}

// isCobra reports whether a file begins with a transaction of Cobra: its beginning, and another record behind it.
func isCobra(head []byte) bool {
	if len(head) < 18 || head[0] != 'S' {
		return false
	}
	for _, next := range []int{9, 17} { // without a time, and with one
		if next < len(head) && bytes.IndexByte([]byte("CARW"), head[next]) >= 0 && bytes.IndexByte(head[:next], 0) >= 0 {
			return true
		}
	}
	return false
}

// isDBCop reports whether a file begins as dbcop's: numbers, a short text, and the text of a time.
func isDBCop(head []byte) bool {
	if len(head) < 64 {
		return false
	}
	n := binary.LittleEndian.Uint64(head[40:])
	if n > uint64(len(head)-64) {
		return false
	}
	start := head[48+n:]
	return binary.LittleEndian.Uint64(start) < 64 && start[8] == '2' && start[12] == '-' && start[15] == '-'
}
