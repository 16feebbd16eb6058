package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
)

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// maxName is how many bytes of each part the name of a folder has.
const maxName = 40

// folderName names the folder of a page by what was run, for people, and by the ID of
// the run, which no other run has.
func folderName(id string, what ...string) string {
	var parts []string
	for _, w := range append(what, id) {
		w = strings.Trim(notInNames.ReplaceAllString(w, "+"), "+-.")
		if len(w) > maxName {
			w = strings.TrimRight(w[:maxName], "+-.")
		}
		if w != "" {
			parts = append(parts, w)
		}
	}
	return strings.Join(parts, "-")
}

// seedName is how a seed stands in the name of a folder.
func seedName(seed uint64) string { return fmt.Sprint("seed-", seed) }

// A twice says what came of running a seed a second time; the zero value is that of a
// run that was not run again.
type twice struct {
	repeats string // one line
	note    string // where the two runs differ
}

// twice runs a run that is not valid a second time, so that what is printed of
// repeating it was seen. A run that was cut short is not run again.
func (a *app) twice(ctx context.Context, s runSpec, r *capsize.Result) (twice, error) {
	if r.Verdict == checker.Valid || r.Stopped != nil {
		return twice{}, nil
	}
	s.Test.Record = r.Window(ctx)
	second, err := a.runAlone(ctx, s, r.Seed)
	switch d := ""; {
	case err != nil:
		return twice{}, err
	case second.Stopped != nil:
		return twice{repeats: "not known: the second run was cut short: " + second.Stopped.Error()}, nil
	default:
		r.Adopt(second)
		if d = r.Diff(second); d == "" && second.Verdict != r.Verdict {
			d = fmt.Sprintf("the histories are alike, but the verdict was %v at first and then %v: %s", r.Verdict, second.Verdict, second.Reason)
		}
		if d != "" {
			return twice{"NO: a second run of this seed was another one", "Two runs of this seed are not alike: " + d}, nil
		}
	}
	return twice{repeats: "2 of 2 runs alike"}, nil
}
