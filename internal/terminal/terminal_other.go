//go:build !linux

package terminal

import (
	"os"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// Columns returns how many columns a file has if it is a terminal, 0 if that is not known, and whether it is one.
func Columns(f *os.File) (columns int, ok bool) {
	if !isatty.IsTerminal(f.Fd()) && !isatty.IsCygwinTerminal(f.Fd()) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		columns = 0
	}
	return columns, true
}
