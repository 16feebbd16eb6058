package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// checkOptions are the flags of capsize check.
type checkOptions struct {
	model  string
	report string
	json   bool
}

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Judge histories that were recorded",
		Long: `Check reads histories, one JSON object a line as capsize run and go test keep them,
and judges each by a model. "-" stands for the standard input. Of a history that
is not valid, a page goes to a folder under ` + reportsDir + `.

` + exitCodes,
		Example: `  capsize check history.jsonl
  capsize check testdata/capsize/*/*/history.jsonl --model register
  gzip -dc history.jsonl.gz | capsize check - --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New(`capsize check needs a FILE, or "-" for the standard input; see capsize check --help`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), args, o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "register", "what a correct object does; see capsize list models")
	f.StringVar(&o.report, "report", reportsDir, `folder for the pages; "" writes none`)
	f.BoolVar(&o.json, "json", false, "print one JSON object a file, each on a line, and nothing else")
	return cmd
}

// check judges the files one after the other. One that can't be read does not
// keep the others from being judged.
func (a *app) check(ctx context.Context, files []string, o checkOptions) error {
	m, err := findModel(o.model)
	if err != nil {
		return err
	}
	worst := checker.Valid
	var failed error
	for _, file := range files {
		v, err := a.checkFile(ctx, file, m, o)
		if err != nil && len(files) > 1 {
			fmt.Fprintf(a.err, "capsize: %v\n", err)
			err = fmt.Errorf("not all of %d histories could be judged", len(files))
		}
		if err != nil {
			failed = err
		}
		worst = max(worst, v)
	}
	if failed != nil {
		return failed
	}
	return outcome(worst)
}

func (a *app) checkFile(ctx context.Context, file string, m model, o checkOptions) (checker.Verdict, error) {
	h, err := a.readHistory(file, m)
	if err != nil {
		return checker.Unknown, err
	}
	r := m.checker.Check(ctx, h)
	page, err := judged(file, m, h, r)
	if err != nil {
		return checker.Unknown, err
	}
	if r.Verdict != checker.Valid && o.report != "" {
		if page.ReportPath, err = report.Write(filepath.Join(o.report, page.Digest[:8]), page); err != nil {
			return checker.Unknown, err
		}
	}
	switch {
	case o.json:
		err = a.printJSON(newCheckLine(file, m, r, page))
	case r.Verdict == checker.Valid:
		_, err = fmt.Fprintf(a.out, "%s %s: %s\n", paintVerdict(r.Verdict, "✓"), page.Title, r.Reason)
	default:
		err = a.show(page)
	}
	return r.Verdict, err
}

// readHistory reads a file, or the standard input if its name is "-".
func (a *app) readHistory(file string, m model) (*history.History, error) {
	var in io.Reader = a.in
	name := "standard input"
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		defer f.Close()
		in, name = f, file
	}
	h, err := m.read(in, name)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if h.Len() == 0 {
		return nil, fmt.Errorf("read history: %s:1: there are no ops in it", name)
	}
	return h, nil
}

// judged returns what a report shows of a history that was judged.
func judged(file string, m model, h *history.History, r checker.Result) (report.Run, error) {
	digest, err := h.Digest()
	if err != nil {
		return report.Run{}, fmt.Errorf("digest of %s: %w", file, err)
	}
	page := report.Run{
		Title: file, Workload: m.Name, System: file, Virtual: h.End(),
		Verdict: r.Verdict, Checks: []checker.Result{r}, History: h, Digest: digest,
	}
	if file == "-" {
		page.Title, page.System = "standard input", "standard input"
		return page, nil
	}
	page.Rerun = fmt.Sprintf("%s check %s --model %s", programName(), quoted(file), m.Name)
	return page, nil
}

// A checkLine is what check --json prints of a file.
type checkLine struct {
	File           string          `json:"file"`
	Model          string          `json:"model"`
	Verdict        checker.Verdict `json:"verdict"`
	Reason         string          `json:"reason"`
	Ops            ops             `json:"ops"`
	Digest         string          `json:"digest"`
	Counterexample []call          `json:"counterexample"`
	Report         string          `json:"report"`
}

func newCheckLine(file string, m model, r checker.Result, page report.Run) checkLine {
	l := checkLine{
		File: file, Model: m.Name, Verdict: r.Verdict, Reason: strings.TrimSpace(r.Reason),
		Digest: page.Digest, Counterexample: calls(r.Why), Report: page.ReportPath,
	}
	for c := range page.History.Calls() {
		switch c.Complete.Type {
		case history.OK:
			l.Ops.OK++
		case history.Fail:
			l.Ops.Fail++
		default:
			l.Ops.Info++
		}
	}
	return l
}
