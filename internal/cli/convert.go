package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/names"
)

// convertOptions are the flags of capsize convert.
type convertOptions struct {
	from, to    string
	independent bool
	model       string
	lenient     bool
	rename      []string
	assumed     *history.Assumptions
	renames     history.Renames
}

func (a *app) convertCommand() *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert IN [OUT]",
		Short: "Turn a history into the format of another tool",
		Long: `Convert reads a history in one format and writes it in another, op by op: a file
may be larger than memory, and compressed by gzip. "-" is the standard input
and output. See capsize list formats.

The format of IN is found by looking. That of OUT follows from its name (.jsonl,
.edn, .json, .log), and is otherwise jsonl, or edn for a file that is jsonl.

jsonl, edn and maelstrom keep all that a history says. json has no keywords, sets
and tags: they become strings, arrays and what was tagged. etcd and kv keep
processes, types, keys, values, errors and the order, but no times and no nodes.
calls can only be read.

Histories of transactions may also be plume, the text of PolySI and Plume; cobra, dbcop
and awdit can only be read. Where nothing is known of real time, what is written has
completions only, and capsize check reads it with --lenient.

A history whose ops contradict each other is an error, as capsize check has it,
unless --lenient.

How the ops of a file of Capsize are read depends on the model that it was recorded
for: with --model, a write, a cas or a read becomes what Jepsen would have recorded.

Exit codes: 0 done, 3 usage or a file that can't be read or written.`,
		Example: `  capsize convert history.edn history.jsonl
  capsize convert history.jsonl --to edn --model register --independent
  capsize convert etcd_001.log - --to json
  capsize convert history.edn.gz history.jsonl
  capsize convert history.edn history.txt --to plume`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf(`capsize convert takes IN and OUT, of which either may be "-", not %d files; see capsize convert --help`, len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.convert(cmd.Context(), args[0], append(args, "-")[1], o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.from, "from", "auto", "format of IN; see capsize list formats")
	f.StringVar(&o.to, "to", "auto", "format of OUT")
	f.BoolVar(&o.independent, "independent", false, "values are pairs of a key and a value, as jepsen.independent makes them")
	f.BoolVar(&o.lenient, "lenient", false, "convert a history whose ops contradict each other too, and say on stderr what was assumed")
	f.StringArrayVar(&o.rename, "rename", nil, "what names of IN mean: f:OLD=NEW, field:OLD=NEW, with commas between or repeated")
	f.StringVar(&o.model, "model", "", "model of IN, if that is jsonl and OUT is not; see capsize list models")
	complete(cmd, map[string][]string{"from": checkFormatNames(), "to": append(writable(), "plume"), "model": models.Names(models.Rows())})
	return cmd
}

// convert turns one file into another.
func (a *app) convert(ctx context.Context, from, to string, o convertOptions) error {
	if o.transactions(from) {
		return a.convertTransactions(from, to, o)
	}
	format, err := models.FindFormat(o.from)
	if err != nil {
		return err
	}
	o.assumed = &history.Assumptions{}
	if o.renames, err = history.ParseRenames(o.rename...); err != nil {
		return err
	}
	in, err := a.open(from, format)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was read only
	if err := models.Renamable(in, o.renames); err != nil {
		return err
	}
	target, err := models.FindFormat(o.to)
	if err != nil {
		return names.Unknown("format", o.to, writable())
	}
	if target == history.Auto {
		target = formatOf(to, in.Format)
	}
	defer func() {
		if len(*o.assumed) > 0 {
			fmt.Fprintf(a.err, "capsize: %s: assumed: %v\n", in.Name, *o.assumed)
		}
	}()
	if to == "-" {
		_, err := o.copy(ctx, a.out, in, target)
		return models.Hinted(err)
	}
	n, err := writeFile(to, func(w io.Writer) (int, error) { return o.copy(ctx, w, in, target) })
	if err != nil {
		return models.Hinted(err)
	}
	_, err = fmt.Fprintf(a.out, "%s: %d ops, %v from %v\n", to, n, target, in.Format)
	return err
}

// writeFile writes a file, which is there when it is complete. What is no regular file,
// such as a pipe, is written to as it is. It returns what write returns.
func writeFile(to string, write func(w io.Writer) (int, error)) (n int, err error) {
	if real, err := filepath.EvalSymlinks(to); err == nil {
		to = real
	}
	if fi, err := os.Stat(to); err == nil && !fi.Mode().IsRegular() {
		return writeDevice(to, write)
	}
	out, err := os.CreateTemp(filepath.Dir(to), ".capsize-*")
	if err != nil {
		return 0, fmt.Errorf("write history: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(out.Name()) // what it holds is not complete
		}
	}()
	n, err = write(out)
	if err = errors.Join(err, out.Close()); err != nil {
		return n, err
	}
	if err = errors.Join(os.Chmod(out.Name(), 0o644), os.Rename(out.Name(), to)); err != nil {
		return n, fmt.Errorf("write history: %w", err)
	}
	return n, nil
}

// writeDevice writes to what is there and is no regular file.
func writeDevice(to string, write func(w io.Writer) (int, error)) (int, error) {
	out, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return 0, fmt.Errorf("write history: %w", err)
	}
	n, err := write(out)
	return n, errors.Join(err, out.Close())
}

// copy writes what it reads, and returns how many ops that are.
func (o convertOptions) copy(ctx context.Context, w io.Writer, in *models.Source, to history.Format) (int, error) {
	enc, err := history.NewEncoder(w, history.Options{Format: to, Independent: o.independent})
	if err != nil {
		return 0, fmt.Errorf("write history: %w", err)
	}
	ops, err := o.ops(in, to)
	if err != nil {
		return 0, err
	}
	n := 0
	for op, err := range ops {
		if err != nil {
			return n, fmt.Errorf("read history: %w", err)
		}
		if err := enc.Encode(op); err != nil {
			return n, fmt.Errorf("write history as %v: %w", to, err)
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("read history: %s:1: there are no ops in it", in.Name)
	}
	return n, enc.Close()
}

// ops yields what is to be written, as the model has it if there is one.
func (o convertOptions) ops(in *models.Source, to history.Format) (iter.Seq2[history.Op, error], error) {
	if o.model == "" {
		return history.Scan(in, in.Name, history.Options{
			Format: in.Format, Independent: o.independent, Lenient: o.lenient, Assumed: o.assumed, Rename: o.renames,
		}), nil
	}
	m, err := models.Find(o.model, models.Shape{})
	if err != nil {
		return nil, err
	}
	ops, err := m.ScanJepsen(in)
	if err != nil || to == history.JSONL {
		return nil, fmt.Errorf("--model is for the models of objects, and for jsonl that becomes another format, not for %s from %v to %v",
			m.Name, in.Format, to)
	}
	return ops, nil
}

// writable lists the names of the formats that can be written.
func writable() []string {
	return slices.DeleteFunc(models.FormatNames(), func(n string) bool { return n == history.Calls.String() })
}

// formatOf returns the format that the name of a file implies.
func formatOf(name string, from history.Format) history.Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jsonl", ".ndjson":
		return history.JSONL
	case ".edn":
		return history.EDN
	case ".json":
		return history.JSON
	case ".log":
		return history.Etcd
	}
	if from == history.JSONL {
		return history.EDN
	}
	return history.JSONL
}

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
