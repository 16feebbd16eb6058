package capsize

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

// keepData writes the result of a failure as data beside its page, and the index of the folder that has the pages of all.
func (r *Result) keepData(page report.Run) error {
	data, err := result.OfRun(page, r.Exercised, r.Metrics)
	if err != nil {
		return err
	}
	return index.Keep(filepath.Dir(page.ReportPath), data)
}

// setAttributes has go test -json say which seed decided the test, and what came out.
func setAttributes(t *testing.T, seed uint64, v checker.Verdict) {
	t.Helper()
	t.Attr("capsize.seed", strconv.FormatUint(seed, 10))
	t.Attr("capsize.verdict", v.String())
}
