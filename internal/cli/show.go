package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/index"
	"github.com/capsize-go/capsize/report/result"
)

// show prints a run for people: a picture of all of it, then the verdict and what
// goes with it, so that what matters most is what is seen last.
func (a *app) show(page report.Run) error {
	if err := report.Picture(a.out, page, a.style); err != nil {
		return err
	}
	if _, err := io.WriteString(a.out, "\n"); err != nil {
		return err
	}
	return report.Text(a.out, page, a.style)
}

// line returns what --json prints of a run.
func (s runSpec) line(r *capsize.Result, page report.Run) (result.Result, error) {
	return result.OfRun(page, r.Exercised, r.Metrics)
}

// printJSON prints a value on a line of its own.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// toIndex is the address of the index of a folder of reports, on the page of one of them.
const toIndex = "../" + index.File

// index writes the index of a folder of reports. That it can't be written is said, and is no reason to fail: the runs are there.
func (a *app) index(reports string) {
	if _, err := os.Stat(reports); err != nil { // no run had a page
		return
	}
	if err := index.Update(reports); err != nil {
		fmt.Fprintf(a.err, "capsize: %v\n", err)
	}
}
