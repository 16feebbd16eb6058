package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// transactions reports whether a file, or what it is to become, is of a format that only transactions have.
func (o convertOptions) transactions(from string) bool {
	special := models.Names(models.TransactionFormats())
	if slices.Contains(special, o.from) || slices.Contains(special, o.to) {
		return true
	}
	f, err := txnfile.DetectFile(from)
	return o.from == history.Auto.String() && err == nil && slices.Contains(special, f.String())
}

// convertTransactions turns a history of transactions into another format.
func (a *app) convertTransactions(from, to string, o convertOptions) error {
	if o.independent || o.model != "" {
		return errors.New("--independent and --model are for histories of objects, and not of transactions")
	}
	renames, err := history.ParseRenames(o.rename...)
	if err != nil {
		return err
	}
	format, err := txnfile.ParseFormat(o.from)
	if err != nil {
		return names.Unknown("format of transactions", o.from, models.TransactionFormatNames())
	}
	target, err := targetFormat(o.to, to)
	if err != nil {
		return err
	}
	opts := txnfile.Options{Format: format, Guess: true, Lenient: o.lenient, Rename: renames}
	var f *txnfile.File
	if from == "-" {
		f, err = txnfile.Read(a.in, "standard input", opts)
	} else {
		f, err = txnfile.Open(from, opts)
	}
	if err != nil {
		if hint := txnfile.Hint(err); hint != "" {
			err = fmt.Errorf("%w\n  %s", err, hint)
		}
		return fmt.Errorf("read history: %w", err)
	}
	if len(f.Assumed) > 0 {
		fmt.Fprintf(a.err, "capsize: %s: assumed: %v\n", from, f.Assumed)
	}
	if f.History.Untimed && target != txnfile.Plume {
		fmt.Fprintf(a.err, "capsize: nothing is known of real time: what is written has completions only, which check reads with --lenient\n")
	}
	write := func(w io.Writer) (int, error) { return len(f.History.Txns), txnfile.Write(w, f.History, target) }
	if to == "-" {
		_, err := write(a.out)
		return err
	}
	n, err := writeFile(to, write)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s: %d transactions, %v from %v\n", to, n, target, f.Format)
	return err
}

// targetFormat returns the format of what is to be written, which its name may imply.
func targetFormat(name, to string) (txnfile.Format, error) {
	if name == history.Auto.String() {
		name = txnfile.EDN.String()
		if ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(to)), "."); ext == "json" || ext == "jsonl" {
			name = ext
		}
		if strings.EqualFold(filepath.Ext(to), ".txt") {
			name = txnfile.Plume.String()
		}
	}
	f, err := txnfile.ParseFormat(name)
	if err != nil || !slices.Contains(txnfile.Writable(), f) {
		var valid []string
		for _, w := range txnfile.Writable() {
			valid = append(valid, w.String())
		}
		return f, names.Unknown("format of transactions that can be written", name, valid)
	}
	return f, nil
}
