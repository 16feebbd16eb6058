package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/report/result"
)

func (a *app) replayCommand() *cobra.Command {
	var reports string
	var stopAt string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay PATH",
		Short: "Run a recorded run again, and compare",
		Long: `Replay runs again what capsize run left at PATH, a folder of ` + reportsDir + ` or the
` + recordFile + ` in it, and says whether the history is the same byte for byte, or
where it differs first. The plan in ` + recordFile + ` is what goes wrong: take steps out
of it to see which of them matter.

The verdict is that of the new run. ` + exitCodes,
		Example: `  capsize run --bug local-reads --seed 1 --report reports
  capsize replay reports/*/               # the run again
  vi reports/*/` + recordFile + `                 # take a step out of the plan
  capsize replay reports/*/               # does it still fail?`,
		Args: exactlyOne("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.replay(cmd.Context(), args[0], reports, stopAt, asJSON)
		},
	}
	cmd.Flags().StringVar(&reports, "report", reportsDir, `folder for the page of the new run; "" writes none`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object, that of capsize run with same, recorded and differs")
	a.lookFlags(cmd, &stopAt)
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
	Same     bool   `json:"same"`     // whether the history is that of the record
	Recorded string `json:"recorded"` // digest of the record
	Differs  string `json:"differs"`  // where the histories differ first
}

func (a *app) replay(ctx context.Context, path, reports, stopAt string, asJSON bool) error {
	rec, file, err := readRecord(path)
	if err != nil {
		return err
	}
	s, err := recorded(rec)
	if err != nil {
		return fmt.Errorf("replay %s: %w", file, err)
	}
	if s.Test.StopAt, err = stop(stopAt); err != nil {
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
	page, err := s.page(ctx, r, programName()+" replay "+quoted(path), reports, again)
	if err = a.unwritten(&page, err); err != nil {
		return err
	}
	a.index(reports)
	x, err := s.line(r, page)
	if err != nil {
		return err
	}
	if asJSON {
		err = a.printJSON(replayLine{x, now.Same, rec.Digest, differs})
	} else if err = a.show(page); err == nil && r.Stopped == nil {
		err = a.printComparison(rec, now, differs)
	}
	if err != nil {
		return err
	}
	if a.lost != nil {
		return a.lost
	}
	return outcome(r.Verdict)
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
