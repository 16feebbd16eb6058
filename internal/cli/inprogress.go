package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/capsize-go/capsize/internal/recorder"
)

// runningDir is where a folder of reports has the runs that are in progress.
const runningDir = ".running"

// record returns a context whose runs of a spec are kept on the disk while they are in
// progress, in the folder of the reports, until end is called. It says which runs there
// were cut short, and keeps them as reports without a page. Without a folder for reports
// nothing is recorded.
func (a *app) record(ctx context.Context, s runSpec, reports string) (recording context.Context, end func()) {
	if reports == "" {
		return ctx, func() {}
	}
	rec, err := recorder.New(filepath.Join(reports, runningDir))
	if err != nil {
		fmt.Fprintf(a.err, "capsize: runs are not recorded as they go, so a crash will lose them: %v\n", err)
	}
	if rec == nil {
		return ctx, func() {}
	}
	for _, c := range rec.CutShort() {
		dir, err := c.Keep(filepath.Join(reports, fmt.Sprintf("cut-short-seed-%d", c.Seed())))
		if err != nil {
			fmt.Fprintf(a.err, "capsize: %v\n", err)
			continue
		}
		fmt.Fprintf(a.err, "capsize: the last run was %v\nTo re-run:\n%s replay %s\n\n", c, programName(), quoted(dir))
	}
	rec.Describe = s.describe
	return recorder.NewContext(ctx, rec), func() {
		for _, err := range []error{rec.Err(), rec.Close()} {
			if err != nil {
				fmt.Fprintf(a.err, "capsize: %v\n", err)
			}
		}
	}
}
