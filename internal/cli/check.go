package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/ci"
	"github.com/capsize-go/capsize/report/result"
)

// checkOptions are the flags of capsize check.
type checkOptions struct {
	model       string
	consistency string
	format      string
	independent bool
	shape       models.Shape
	mayFail     []string
	lenient     bool
	rename      []string
	report      string
	json        bool
	ci          ciOptions

	linearizableKeys, sequentialKeys bool
}

// checkLong is what the help of check says.
const checkLong = `Check reads histories and judges each by a model: what a correct object does. "-"
is the standard input. Of a history that is not valid, a page goes to a
folder under ` + reportsDir + `.

The format of a file is found by looking: one JSON object a line as capsize run and
go test keep them, Jepsen's history.edn and jepsen.log, JSON with an object an op or
an object a call, the logs that porcupine reads; all of them compressed by gzip or
not. See capsize list formats, and docs/reference/formats.md. Add --independent if values
are [key value] pairs, as jepsen.independent writes them.

A file whose ops contradict each other is an error that names the line: completions
without an invocation, two pending calls of one process, ops without a process, answers
with another key or value than their call, lines in the order of the ends of calls.
With --lenient there is a verdict, which says what was assumed, and how often.

--rename f:write-set=add says that the file's write-set is the model's add;
--rename field:client=process that the field client is the process.

A history in which no call succeeded, or none of some kind, or nothing was ever read, is
unknown and not valid: it keeps every rule. A cas or release that failed without an
error was answered "no", which counts. --may-fail leaves kinds out.

A model is held to linearizability unless --consistency asks for less; see
capsize list consistency. Models that are a checker of Jepsen's have a rule of
their own.

The models list-append, rw-register and predicate are of transactions: each value is
written once, and what was read tells which transaction came before which. They are held
to strict-serializable, as Elle does, unless --consistency names another model of
isolation; --consistency strongest says which hold and which do not. Their files may also
be of the formats of PolySI and Plume, Cobra (a folder), dbcop and AWDIT. Of registers,
--linearizable-keys and --sequential-keys say that real time, or the order of sessions,
orders the versions of each key. Kafka's logs are the model kafka.

Rules about requests, such as outcomes, leaks and admitted, read spans of traces too, a
record a call; --limit says what they allow. See docs/reference/formats.md.

With --json, check prints one object a file:
  {"file","format","model","consistency","verdict","reason","ops":{"ok","fail","info"},
   "digest","counterexample":[…],"report","assumed":[{"what","count","line"}],"recorded"}
and of transactions also "transactions", with the anomalies and what is known of each model.

` + exitCodes

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Judge histories that were recorded, here or by others",
		Long:  checkLong,
		Example: `  capsize check history.jsonl
  capsize check testdata/capsize/*/*/history.jsonl --model register
  capsize check store/latest/history.edn --model cas-register --initial 0 --independent
  capsize check history.jsonl --consistency causal
  capsize check history.edn.gz --model set-full --json
  capsize check history.edn --model list-append
  capsize check history.edn --model list-append --consistency strongest
  capsize check history.json --model rw-register --consistency snapshot-isolation
  capsize check spans.jsonl --model outcomes --rename f:SPAN_KIND_CLIENT=request`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New(`check needs a FILE, or "-" for the standard input; see capsize check --help`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), args, o) },
	}
	o.add(cmd.Flags())
	complete(cmd, map[string][]string{
		"model": models.Names(models.Rows()), "consistency": consistencyNames(), "format": checkFormatNames(),
	})
	return cmd
}

// add adds the flags.
func (o *checkOptions) add(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.model, "model", "register", "what a correct object does; see capsize list models")
	f.StringVar(&o.consistency, "consistency", "", "how closely the model must be kept; see capsize list consistency (default "+models.Linearizable+
		"; of transactions "+models.StrictSerializable+")")
	f.StringVar(&o.format, "format", "auto", "format of the files; see capsize list formats")
	f.BoolVar(&o.independent, "independent", false, "values are pairs of a key and a value, as jepsen.independent makes them")
	f.BoolVar(&o.lenient, "lenient", false, "judge a history whose ops contradict each other too, and say what was assumed")
	f.StringArrayVar(&o.rename, "rename", nil, "what names of the file mean: f:OLD=NEW, field:OLD=NEW, with commas between or repeated")
	f.StringVar(&o.shape.Initial, "initial", "", "what registers hold at first: a value, nil, or unknown (default 0 or nil, as the first reads saw)")
	f.StringVar(&o.shape.Size, "size", "", "how many permits a semaphore has, or how often a reentrant-lock may be acquired (default 2)")
	f.StringVar(&o.shape.Limit, "limit", "", "what a rule about requests allows, as capsize list models has it: 5s, 3, 100/1s")
	f.StringSliceVar(&o.mayFail, "may-fail", nil, "kinds of call of which none needs to have succeeded, comma-separated")
	f.BoolVar(&o.linearizableKeys, "linearizable-keys", false, "of rw-register: real time orders the versions of each key")
	f.BoolVar(&o.sequentialKeys, "sequential-keys", false, "of rw-register: the order of sessions orders the versions of each key")
	f.StringVar(&o.report, "report", reportsDir, `folder for the pages; "" writes none`)
	f.BoolVar(&o.json, "json", false, "print one JSON object a file, each on a line, and nothing else")
	o.ci.flags(f)
}

// A judge is what files are judged by.
type judge struct {
	checkOptions
	*models.Check
	format history.Format
}

// judge looks up what the flags name.
func (o checkOptions) judge() (judge, error) {
	m, err := models.Find(o.model, o.shape)
	if err != nil {
		return judge{}, err
	}
	format := history.Auto
	if !m.Transactions() { // which have formats of their own
		if format, err = o.findFormat(); err != nil {
			return judge{}, err
		}
	}
	renames, err := history.ParseRenames(o.rename...)
	if err != nil {
		return judge{}, err
	}
	c, err := models.New(models.Options{
		Model: o.model, Consistency: o.consistency, Shape: o.shape, Format: format, Independent: o.independent,
		Lenient: o.lenient, Rename: renames, MayFail: o.mayFail, LinearizableKeys: o.linearizableKeys, SequentialKeys: o.sequentialKeys,
	})
	if err != nil {
		return judge{}, err
	}
	o.consistency = c.Consistency()
	return judge{o, c, format}, nil
}

// check judges the files one after the other. One that can't be read does not
// keep the others from being judged.
func (a *app) check(ctx context.Context, files []string, o checkOptions) error {
	j, err := o.judge()
	if err == nil {
		err = o.ci.check()
	}
	if err != nil {
		return err
	}
	worst := checker.Valid
	var failed error
	suite := ci.Suite{Name: "capsize check"}
	for _, file := range files {
		v, c, err := a.checkFile(ctx, file, j)
		suite.Cases = append(suite.Cases, c)
		if err != nil && len(files) > 1 {
			fmt.Fprintf(a.err, "capsize: %v\n", err)
			err = fmt.Errorf("not all of %d histories could be judged", len(files))
		}
		if err != nil {
			failed = err
		}
		worst = max(worst, v)
	}
	a.index(o.report)
	if err := a.ci(o.ci, suite); err != nil {
		return err
	}
	if failed = cmp.Or(failed, a.lost); failed != nil {
		return failed
	}
	return outcome(worst)
}

// checkFile judges one file, shows what came out, and returns it. Of a file that can't be read, the case says why.
func (a *app) checkFile(ctx context.Context, file string, j judge) (checker.Verdict, ci.Case, error) {
	failed := func(err error) (checker.Verdict, ci.Case, error) { return j.failed(file, err) }
	if j.Model.Transactions() {
		return a.checkTransactions(ctx, file, j)
	}
	rec, err := a.readHistory(file, j)
	if err != nil {
		return failed(err)
	}
	m := newMeter(a.err)
	m.show(capsize.Status{Phase: "checking " + filepath.Base(file), Virtual: rec.History.End(), Expected: rec.History.End(), Calls: rec.History.Len() / 2})
	r, err := j.Judge(ctx, rec)
	if err == nil {
		r.Result = r.Explain(ctx)
	}
	m.end()
	if err != nil {
		return failed(err)
	}
	page, err := j.judged(portable(file), r) // others may read it elsewhere
	if err != nil {
		return failed(err)
	}
	if r.Verdict != checker.Valid {
		a.writePage(ctx, &page, j, j.folder(file, rec.Format.String(), page.Digest), result.Of)
	}
	page.System, page.Rerun = nameOf(file), j.rerun(file) // it is printed here
	return r.Verdict, ci.CaseOf(result.Of(page)), a.printJudged(file, r, page, j)
}

// failed returns the case of a file that could not be judged.
func (j judge) failed(file string, err error) (checker.Verdict, ci.Case, error) {
	return checker.Unknown, ci.Case{Class: "check." + j.Model.Name, Name: nameOf(file), Verdict: checker.Unknown, Headline: "could not be read", Reason: err.Error()}, err
}

// writePage writes the page of a history, and the result beside it, to a folder under that of the reports, if there is one.
func (a *app) writePage(ctx context.Context, page *report.Run, j judge, folder string, of func(report.Run) result.Result) {
	if j.report == "" {
		return
	}
	dir := filepath.Join(j.report, folder)
	page.Index = toIndex
	var err error
	if page.ReportPath, err = report.WriteContext(ctx, dir, *page); err == nil {
		err = of(*page).Write(dir, time.Now())
	}
	if err != nil {
		_ = a.unwritten(page, unwrittenError{err})
	}
}

// printJudged prints what came out of a file.
func (a *app) printJudged(file string, r models.Judgement, page report.Run, j judge) error {
	if j.json {
		return a.printJSON(j.line(file, r, page))
	}
	if r.Verdict != checker.Valid {
		return a.show(page)
	}
	text := fmt.Sprintf("%s %s: %s\n", a.style.Verdict(r.Verdict, "✓"), nameOf(file), r.Reason)
	for _, note := range page.Notes {
		text += "  " + note + "\n"
	}
	_, err := fmt.Fprint(a.out, text)
	return err
}

// readHistory reads a file, or the standard input if its name is "-".
func (a *app) readHistory(file string, j judge) (models.Recorded, error) {
	src, err := a.open(file, j.format)
	if err != nil {
		return models.Recorded{}, err
	}
	defer func() { _ = src.Close() }() // it was read only
	return j.Read(src)
}

// open opens a file, or the standard input if its name is "-".
func (a *app) open(file string, format history.Format) (*models.Source, error) {
	if file == "-" {
		return models.NewSource(a.in, "standard input", format)
	}
	return models.Open(file, format)
}

// folder names the folder of the page of a history by the file, the model and an ID of
// all that the verdict depends on.
func (j judge) folder(file, format, digest string) string {
	o := j.checkOptions
	id := savedrun.ID(file, format, o.model, o.consistency, o.independent, o.lenient, o.rename, o.shape, o.mayFail, digest)
	base, _, _ := strings.Cut(filepath.Base(file), ".")
	return folderName(id, base, o.model, o.consistency)
}

// judged returns what a report shows of a history that was judged.
func (j judge) judged(file string, r models.Judgement) (report.Run, error) {
	h := r.History
	digest, err := h.Digest()
	if err != nil {
		return report.Run{}, fmt.Errorf("digest of %s: %w", file, err)
	}
	page := report.Run{
		Title: nameOf(file), Workload: j.Model.Name, System: nameOf(file), Virtual: h.End(), Recorded: true,
		Verdict: r.Verdict, Checks: []checker.Result{r.Result}, History: h, Digest: digest, Rerun: j.rerun(file),
		Start: r.Start, Notes: r.Remarks(),
	}
	if r.Untimed {
		page.Ordered = true
		page.History, page.Checks[0].Counterexample = positioned(h, r.Counterexample)
		page.Virtual = page.History.End()
	}
	return page, nil
}

// nameOf is what a file is called.
func nameOf(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// rerun returns the command that judges a file again, if it can be.
func (j judge) rerun(file string) string {
	if file == "-" {
		return ""
	}
	return fmt.Sprintf("%s check %s --model %s%s", programName(), quoted(file), j.Model.Name, j.flags())
}

// positioned returns a history whose times are the positions of its ops, and a
// counterexample of it.
func positioned(h *history.History, why *checker.Counterexample) (*history.History, *checker.Counterexample) {
	at := func(op history.Op) history.Op {
		if op.Index >= 0 {
			op.Time = time.Duration(op.Index)
		}
		return op
	}
	var ops []history.Op
	for op := range h.Ops() {
		ops = append(ops, at(op))
	}
	if why == nil {
		return history.Of(ops...), nil
	}
	moved := *why
	moved.Calls = slices.Clone(why.Calls)
	for i, c := range moved.Calls {
		moved.Calls[i] = history.Call{Invoke: at(c.Invoke), Complete: at(c.Complete)}
	}
	return history.Of(ops...), &moved
}

// flags returns the flags that are not at their defaults.
func (j judge) flags() (text string) {
	o := j.checkOptions
	if o.consistency != j.Model.DefaultConsistency() {
		text += " --consistency " + quoted(o.consistency)
	}
	if o.format != history.Auto.String() {
		text += " --format " + o.format
	}
	if o.independent {
		text += " --independent"
	}
	if o.lenient {
		text += " --lenient"
	}
	for _, r := range o.rename {
		text += " --rename " + quoted(r)
	}
	if o.shape.Initial != "" {
		text += " --initial " + quoted(o.shape.Initial)
	}
	if o.shape.Size != "" {
		text += " --size " + o.shape.Size
	}
	if o.shape.Limit != "" {
		text += " --limit " + quoted(o.shape.Limit)
	}
	if o.linearizableKeys {
		text += " --linearizable-keys"
	}
	if o.sequentialKeys {
		text += " --sequential-keys"
	}
	if len(o.mayFail) > 0 {
		text += " --may-fail " + quoted(strings.Join(o.mayFail, ","))
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
	Ops            result.Ops      `json:"ops"`
	Digest         string          `json:"digest"`
	Counterexample []result.Call   `json:"counterexample"`
	Note           string          `json:"counterexample_note,omitempty"` // why it may not be the smallest
	Report         string          `json:"report"`
	Assumed        []assumption    `json:"assumed"`  // what a lenient reader assumed
	Recorded       string          `json:"recorded"` // time of the first op as RFC 3339 has it, if that is known
	Transactions   *txn.Report     `json:"transactions,omitempty"`
}

// An assumption is what check --lenient --json says that it assumed.
type assumption struct {
	What  string `json:"what"`
	Count int    `json:"count"`
	Line  int    `json:"line"` // the first line of the file that it is about
}

func (j judge) line(file string, r models.Judgement, page report.Run) checkLine {
	l := checkLine{
		File: file, Format: r.Format.String(), Assumed: []assumption{}, Model: j.Model.Name, Consistency: j.consistency,
		Verdict: r.Verdict, Reason: strings.TrimSpace(r.Reason),
		Digest: page.Digest, Counterexample: result.Calls(r.Counterexample), Note: note(r.Counterexample), Ops: result.Of(page).Ops, Report: page.ReportPath,
	}
	if j.Model.Own {
		l.Consistency = ""
	}
	for _, a := range r.Assumed {
		l.Assumed = append(l.Assumed, assumption{What: a.String(), Count: a.Count, Line: a.Line})
	}
	if !r.Start.IsZero() {
		l.Recorded = r.Start.Format(time.RFC3339Nano)
	}
	return l
}

// note says why a counterexample may not be the smallest.
func note(why *checker.Counterexample) string {
	if why == nil {
		return ""
	}
	return why.Note
}
