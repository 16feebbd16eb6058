package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/astest"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/gosource"
	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report/result"
)

// replayOptions are the flags of capsize replay.
type replayOptions struct {
	reports, stopAt, shrink string
	json, asTest            bool
}

func (a *app) replayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay PATH",
		Short: "Run a recorded run again, and compare",
		Long: `Replay runs again what capsize run left at PATH, a folder of ` + reportsDir + ` or the
` + recordFile + ` in it, and says whether the history is the same byte for byte, or
where it differs first. The plan in ` + recordFile + ` is what goes wrong: take steps out
of it to see which of them matter.

With --shrink FILE a run that is invalid is then made as small as it can be while it shows the same
failure, and kept in FILE.

PATH may also be the file of a failure that was minimised: it has the plan and the operations
of the clients, and replay says whether the run still shows that failure. One that go test saved
is run by that test; replay prints the command. With --as-test it prints the failure as a Go test:
the plan and the operations are literals in it, and what the run must show is asserted.

The verdict is that of the new run. A small run that shows nothing wrong any more is valid. ` + exitCodes,
		Example: `  capsize run --bug local-reads --seed 1 --report reports
  capsize replay reports/*/               # the run again
  vi reports/*/` + recordFile + `                 # take a step out of the plan
  capsize replay reports/*/               # does it still fail?
  capsize replay reports/*/ --shrink f    # its smallest form
  capsize replay f                        # which can be run, and edited
  capsize replay store/testdata/capsize/TestStore/seed-1-bde3df0e --as-test > store/seed1_test.go`,
		Args: exactlyOne("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if small, err := failure.Is(args[0]); err == nil && small {
				return a.replayFailure(cmd.Context(), args[0], o)
			}
			if o.asTest {
				return notSmall(args[0])
			}
			return a.replay(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.reports, "report", reportsDir, `folder for the page of the new run; "" writes none`)
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object, that of capsize run with same, recorded, differs and shows")
	cmd.Flags().StringVar(&o.shrink, "shrink", "", "minimise the run, if it is invalid, and write the small failure into this file")
	cmd.Flags().BoolVar(&o.asTest, "as-test", false, "print the minimised failure as a Go test, and run nothing")
	a.lookFlags(cmd, &o.stopAt)
	return cmd
}

func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s takes one %s, not %d; see capsize %[1]s --help", cmd.Name(), what, len(args))
		}
		return nil
	}
}

// A replayLine is what replay --json prints.
type replayLine struct {
	result.Result
	Same     bool   `json:"same"`            // whether the history is that of the record
	Recorded string `json:"recorded"`        // digest of the record
	Differs  string `json:"differs"`         // where the histories differ first
	Shows    *bool  `json:"shows,omitempty"` // whether the run shows the failure of the file, if it is a minimised one
}

func (a *app) replay(ctx context.Context, path string, o replayOptions) error {
	rec, file, err := readRecord(path)
	if err != nil {
		return err
	}
	s, err := recorded(rec)
	if err != nil {
		return fmt.Errorf("replay %s: %w", file, err)
	}
	if s.Test.StopAt, err = stop(o.stopAt); err != nil {
		return err
	}
	// What was recorded is read now: the new page may go to the same folder.
	saved, err := rec.ReadHistory(filepath.Dir(file))
	if err != nil {
		return err
	}
	if saved.Damage != "" {
		fmt.Fprintf(a.err, "capsize: %s: %s; only the digests can be compared\n", filepath.Dir(file), saved.Damage)
	}
	r, err := a.runAlone(ctx, s, rec.Seed)
	if err != nil {
		return err
	}
	now, err := saved.Compare(r.History)
	if err != nil {
		return err
	}
	differs := ""
	again := twice{repeats: "this is the recorded run, byte for byte"}
	if !now.Same {
		differs = firstDifference(saved, now)
		if again, err = a.twice(ctx, s, r); err != nil {
			return err
		}
	}
	page, err := s.page(ctx, r, programName()+" replay "+quoted(path), o.reports, again)
	if err = a.unwritten(&page, err); err != nil {
		return err
	}
	a.index(o.reports)
	x, err := s.line(r, page)
	if err != nil {
		return err
	}
	if o.json {
		err = a.printJSON(replayLine{x, now.Same, rec.Digest, differs, nil})
	} else if err = a.show(page); err == nil && r.Stopped == nil {
		err = a.printComparison(rec, now, differs)
	}
	if err != nil {
		return err
	}
	if a.lost != nil {
		return a.lost
	}
	if err := a.shrink(ctx, s, r, o); err != nil {
		return err
	}
	return outcome(r.Verdict)
}

// shrink minimises a run that is invalid, and writes the small failure, if that was asked for.
func (a *app) shrink(ctx context.Context, s runSpec, r *capsize.Result, o replayOptions) error {
	if o.shrink == "" || r.Verdict != checker.Invalid {
		return nil
	}
	small, err := capsize.Shrink(ctx, a.t, r, capsize.ShrinkOptions{})
	if err != nil {
		return err
	}
	text, err := small.Text(ctx, s.System, s.Bug, s.Nemesis)
	if err != nil {
		return fmt.Errorf("--shrink: the run was made smaller, %s, but not so small that a file may keep it: %w", small.How(), err)
	}
	if err := os.WriteFile(o.shrink, text, 0o666); err != nil {
		return fmt.Errorf("--shrink: %w", err)
	}
	if o.json {
		return nil
	}
	_, err = fmt.Fprintf(a.out, "\nshrunk   %s\nTo run the small failure:\n%s replay %s\n", small.How(), programName(), quoted(o.shrink))
	return err
}

func (a *app) printComparison(rec savedrun.Record, now savedrun.Comparison, differs string) error {
	digest := now.Digest
	if now.Same {
		_, err := fmt.Fprintf(a.out, "\nThe history is the recorded one, byte for byte: SHA-256 %s\n", digest)
		return err
	}
	_, err := fmt.Fprintf(a.out, "\n%s: %s\n  recorded  %-7v  %s  by capsize %s\n  now       %s  by capsize %s\n",
		a.style.Bold("The history is not the recorded one"), differs, rec.Verdict, rec.Digest, rec.Capsize, "         "+digest, version())
	return err
}

// firstDifference says in which line a history leaves the recorded one.
func firstDifference(saved savedrun.Saved, now savedrun.Comparison) string {
	switch {
	case saved.Missing:
		return "the digests differ, and there is no " + historyFile + " to compare with"
	case saved.Damage != "":
		return "the digests differ, and where can't be said: " + saved.Damage
	}
	return fmt.Sprintf("it differs from line %d on\n  recorded  %s\n  now       %s", now.Line, now.First, now.Second)
}

// notSmall says why there is no test of a run.
func notSmall(path string) error {
	rec, _, err := savedrun.Read(path)
	if err != nil {
		return err
	}
	why := ""
	if rec.Unshrunk != "" {
		why = ": it was not minimised, because of this: " + rec.Unshrunk
	}
	return fmt.Errorf("--as-test needs the file of a minimised failure, and %s is a whole run%s", path, why)
}

// replayFailure runs a minimised failure again, or prints it as a test.
func (a *app) replayFailure(ctx context.Context, path string, o replayOptions) error {
	if o.shrink != "" {
		return fmt.Errorf("--shrink: %s is a failure that was minimised already", path)
	}
	f, err := failure.Read(path)
	if err != nil {
		return err
	}
	if f.Record.Test != "" {
		if o.asTest {
			return a.copyOfTest(ctx, f, path)
		}
		return savedByTest(f.Record, path)
	}
	s, err := recordedSmall(f)
	if err != nil {
		return err
	}
	if o.asTest {
		return a.printTest(astest.Catalog(f, s.Test.Workload, portable(path)))
	}
	if s.Test.StopAt, err = stop(o.stopAt); err != nil {
		return err
	}
	r, err := a.runAlone(ctx, s, f.Record.Seed)
	if err != nil {
		return err
	}
	differs, err := f.Differs(r.History)
	if err != nil {
		return err
	}
	again := twice{repeats: "this is the recorded run, byte for byte"}
	if differs != "" {
		if again, err = a.twice(ctx, s, r); err != nil {
			return err
		}
	}
	page, err := s.page(ctx, r, programName()+" replay "+quoted(path), o.reports, again)
	if err = a.unwritten(&page, err); err != nil {
		return err
	}
	a.index(o.reports)
	shows := r.Shows(ctx, capsize.Signature(f.Shows))
	x, err := s.line(r, page)
	if err != nil {
		return err
	}
	if o.json {
		err = a.printJSON(replayLine{x, differs == "", f.Record.Digest, differs, &shows})
	} else if err = a.show(page); err == nil && r.Stopped == nil {
		err = a.printShows(f, differs, shows)
	}
	if err != nil {
		return err
	}
	if a.lost != nil {
		return a.lost
	}
	return outcome(verdictOfSmall(r))
}

// verdictOfSmall is that of a run of few calls: it is valid if nothing is wrong with it, though as a whole run it would prove nothing.
func verdictOfSmall(r *capsize.Result) checker.Verdict {
	if r.Verdict == checker.Unknown && r.Stopped == nil {
		return checker.Valid
	}
	return r.Verdict
}

// printShows says whether a small run is the recorded one, and whether it shows what that did.
func (a *app) printShows(f failure.Failure, differs string, shows bool) error {
	want := capsize.Signature(f.Shows)
	text := "\nThe history is the recorded one, byte for byte, and shows the recorded failure: " + want.String() + "\n"
	switch {
	case differs == "" && !shows:
		text = "\nThe history is the recorded one, byte for byte, but it does not show the recorded failure any more: " + want.String() + "\n"
	case differs != "" && shows:
		text = fmt.Sprintf("\nThe run shows the recorded failure, %v, with another history: %s\n", want, differs)
	case differs != "":
		text = fmt.Sprintf("\n%s: %v. %s\n", a.style.Bold("The run does not show the recorded failure any more"), want, differs)
	}
	_, err := io.WriteString(a.out, text)
	return err
}

// copyOfTest prints the Go test that saved a failure as one that repeats it.
func (a *app) copyOfTest(ctx context.Context, f failure.Failure, path string) error {
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	dir, _, ok := strings.Cut(filepath.ToSlash(full), "/"+savedrun.Dir+"/")
	if !ok {
		return fmt.Errorf("%s must be in the folder %s of its package: its test is looked for there", path, savedrun.Dir)
	}
	src, err := astest.Find(f, filepath.FromSlash(dir))
	if err != nil {
		return err
	}
	in, err := spelled(ctx, f, src, full, filepath.FromSlash(dir))
	if err != nil {
		fmt.Fprintf(a.err, "capsize: the inputs are kept as JSON, as the test could not be asked for them: %v\n", err)
	}
	return a.printTest(src.Copy(in, savedrun.Dir+strings.TrimPrefix(filepath.ToSlash(full), dir+"/"+savedrun.Dir)))
}

// spelled has the test that saved a failure write its inputs as Go expressions.
func spelled(ctx context.Context, f failure.Failure, src *astest.Source, path, dir string) (in gosource.Answer, err error) {
	work, err := os.MkdirTemp("", "capsize-as-test-")
	if err != nil {
		return in, err
	}
	defer os.RemoveAll(work)
	q := gosource.Request{Test: f.Record.Test, Run: f.Record.Run, Failure: path, Answer: filepath.Join(work, "answer.json"), Reserved: src.Imports()}
	b, err := json.Marshal(q)
	if err != nil {
		return in, err
	}
	request := filepath.Join(work, "request.json")
	if err := os.WriteFile(request, b, 0o644); err != nil {
		return in, err
	}
	overlay := filepath.Join(work, "overlay.json")
	if err := withoutEmpty(dir, overlay); err != nil {
		return in, err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay="+overlay, "-run="+gocommand.Pattern(q.Test), ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), gosource.RequestVariable+"="+request)
	if out, err := cmd.CombinedOutput(); err != nil {
		return in, fmt.Errorf("%w: %s", err, gocommand.LastLines(out))
	}
	if b, err = os.ReadFile(q.Answer); err != nil {
		return in, fmt.Errorf("%s did not come to that capsize.Run: %w", q.Test, err)
	}
	return in, json.Unmarshal(b, &in)
}

// withoutEmpty writes an overlay of the go command that leaves the empty files of a package out: the shell makes one for what is printed.
func withoutEmpty(dir, file string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() == 0 {
			overlay.Replace[f] = ""
		}
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

// printTest prints the source of a test.
func (a *app) printTest(source []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = a.out.Write(source)
	return err
}
