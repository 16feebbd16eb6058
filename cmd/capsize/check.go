package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
)

// checkOptions are the flags of capsize check.
type checkOptions struct {
	model       string
	consistency string
	format      string
	independent bool
	shape
	report string
	json   bool
}

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Judge histories that were recorded, here or by others",
		Long: `Check reads histories and judges each by a model: what a correct object does. "-"
stands for the standard input. Of a history that is not valid, a page goes to a
folder under ` + reportsDir + `.

The format of a file is found by looking: one JSON object a line as capsize run and
go test keep them, Jepsen's history.edn, the JSON of elle-cli, the logs that
porcupine reads; all of them compressed by gzip or not. See capsize list formats.
What a file can't say is whether its values are pairs of an independent key and a
value: --independent does.

A model is held to linearizability unless --consistency asks for less; see
capsize list consistency. Models that are a checker of Jepsen's have a rule of
their own.

With --json, check prints one object a file:
  {"file","format","model","consistency","verdict","reason","ops":{"ok","fail","info"},
   "digest","counterexample":[…],"report"}

` + exitCodes,
		Example: `  capsize check history.jsonl
  capsize check testdata/capsize/*/*/history.jsonl --model register
  capsize check store/latest/history.edn --model cas-register --initial 0 --independent
  capsize check history.jsonl --consistency causal
  capsize check history.edn.gz --model set-full --json`,
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
	f.StringVar(&o.consistency, "consistency", linearizable, "how closely the model must be kept; see capsize list consistency")
	f.StringVar(&o.format, "format", "auto", "format of the files; see capsize list formats")
	f.BoolVar(&o.independent, "independent", false, "values are pairs of a key and a value, as jepsen.independent makes them")
	f.StringVar(&o.initial, "initial", "", "what a "+holdsInitial+" holds at first: an integer, or nil (default nil)")
	f.StringVar(&o.size, "size", "", "how many permits a semaphore has, or how often a reentrant-lock may be acquired (default 2)")
	f.StringVar(&o.report, "report", reportsDir, `folder for the pages; "" writes none`)
	f.BoolVar(&o.json, "json", false, "print one JSON object a file, each on a line, and nothing else")
	complete(cmd, map[string][]string{
		"model": namesOf(modelRows()), "consistency": namesOf(consistencyRows()), "format": formatNames(),
	})
	return cmd
}

// A judge is what files are judged by.
type judge struct {
	checkOptions
	model   model
	checker checker.Checker
	format  history.Format
}

// judge looks up what the flags name.
func (o checkOptions) judge() (j judge, err error) {
	j.checkOptions = o
	if j.model, err = findModel(o.model, o.shape); err != nil {
		return j, err
	}
	if j.checker, err = j.model.held(o.consistency); err != nil {
		return j, err
	}
	j.format, err = findFormat(o.format)
	return j, err
}

// check judges the files one after the other. One that can't be read does not
// keep the others from being judged.
func (a *app) check(ctx context.Context, files []string, o checkOptions) error {
	j, err := o.judge()
	if err != nil {
		return err
	}
	worst := checker.Valid
	var failed error
	for _, file := range files {
		v, err := a.checkFile(ctx, file, j)
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

func (a *app) checkFile(ctx context.Context, file string, j judge) (checker.Verdict, error) {
	h, format, err := a.readHistory(file, j)
	if err != nil {
		return checker.Unknown, err
	}
	r := j.checker.Check(ctx, h).Explain(ctx)
	page, err := j.judged(file, h, r)
	if err != nil {
		return checker.Unknown, err
	}
	if r.Verdict != checker.Valid && j.report != "" {
		if page.ReportPath, err = report.Write(filepath.Join(j.report, page.Digest[:8]), page); err != nil {
			return checker.Unknown, err
		}
	}
	switch {
	case j.json:
		err = a.printJSON(j.line(file, format, r, page))
	case r.Verdict == checker.Valid:
		_, err = fmt.Fprintf(a.out, "%s %s: %s\n", paintVerdict(r.Verdict, "✓"), page.Title, r.Reason)
	default:
		err = a.show(page)
	}
	return r.Verdict, err
}

// readHistory reads a file as a history of the model.
func (a *app) readHistory(file string, j judge) (*history.History, history.Format, error) {
	in, err := a.open(file, j.format)
	if err != nil {
		return nil, 0, err
	}
	defer in.close()
	h, err := j.model.history(in, history.Options{Format: in.format, Independent: j.independent})
	if err != nil {
		return nil, 0, fmt.Errorf("read history: %w", err)
	}
	if h.Len() == 0 {
		return nil, 0, fmt.Errorf("read history: %s:1: there are no ops in it", in.name)
	}
	return h, in.format, nil
}

// judged returns what a report shows of a history that was judged.
func (j judge) judged(file string, h *history.History, r checker.Result) (report.Run, error) {
	digest, err := h.Digest()
	if err != nil {
		return report.Run{}, fmt.Errorf("digest of %s: %w", file, err)
	}
	page := report.Run{
		Title: file, Workload: j.model.Name, System: file, Virtual: h.End(), Recorded: true,
		Verdict: r.Verdict, Checks: []checker.Result{r}, History: h, Digest: digest,
	}
	if file == "-" {
		page.Title, page.System = "standard input", "standard input"
		return page, nil
	}
	page.Rerun = fmt.Sprintf("%s check %s --model %s%s", programName(), quoted(file), j.model.Name, j.flags())
	return page, nil
}

// flags returns the flags that are not as they are unless told.
func (o checkOptions) flags() (text string) {
	if o.consistency != linearizable {
		text += " --consistency " + o.consistency
	}
	if o.format != history.Auto.String() {
		text += " --format " + o.format
	}
	if o.independent {
		text += " --independent"
	}
	if o.initial != "" {
		text += " --initial " + quoted(o.initial)
	}
	if o.size != "" {
		text += " --size " + o.size
	}
	return text
}

// A checkLine is what check --json prints of a file.
type checkLine struct {
	File           string          `json:"file"`
	Format         string          `json:"format"`
	Model          string          `json:"model"`
	Consistency    string          `json:"consistency"` // "" if the model has a rule of its own
	Verdict        checker.Verdict `json:"verdict"`
	Reason         string          `json:"reason"`
	Ops            ops             `json:"ops"`
	Digest         string          `json:"digest"`
	Counterexample []call          `json:"counterexample"`
	Note           string          `json:"counterexample_note,omitempty"` // why it may not be the smallest
	Report         string          `json:"report"`
}

func (j judge) line(file string, format history.Format, r checker.Result, page report.Run) checkLine {
	l := checkLine{
		File: file, Format: format.String(), Model: j.model.Name, Consistency: j.consistency,
		Verdict: r.Verdict, Reason: strings.TrimSpace(r.Reason),
		Digest: page.Digest, Counterexample: calls(r.Why), Note: note(r.Why), Report: page.ReportPath,
	}
	if j.model.own {
		l.Consistency = ""
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
