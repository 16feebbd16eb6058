package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize/report/ci"
)

// ciOptions are the flags for systems that build software.
type ciOptions struct{ junit, summary string }

func (o *ciOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.junit, "junit", "", "also write the results into this file, as JUnit XML")
	f.StringVar(&o.summary, "summary", "", "also write a summary into this file, in Markdown")
}

// stepSummary is the variable that names the file in which a step of GitHub Actions, and of what is compatible, leaves its summary.
const stepSummary = "GITHUB_STEP_SUMMARY"

// check returns an error if one of the files can't be written, before anything is run.
func (o ciOptions) check() error {
	for _, x := range []struct{ flag, file string }{{"junit", o.junit}, {"summary", o.summary}} {
		if x.file == "" {
			continue
		}
		f, err := os.OpenFile(x.file, os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			return fmt.Errorf("--%s: %w", x.flag, err)
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("--%s: %w", x.flag, err)
		}
	}
	return nil
}

// ci writes the results that the flags ask for, and appends to the summary of the step if there is one.
func (a *app) ci(o ciOptions, s ci.Suite) error {
	var errs []error
	write := func(file string, flags int, form func(w io.Writer) error) {
		if file == "" {
			return
		}
		var b bytes.Buffer
		err := form(&b)
		if err == nil {
			err = writeTo(file, flags, b.Bytes())
		}
		errs = append(errs, err)
	}
	summary := func(w io.Writer) error { return ci.Summary(w, s) }
	write(o.junit, os.O_TRUNC, func(w io.Writer) error { return ci.JUnit(w, time.Now(), s) })
	write(o.summary, os.O_TRUNC, summary)
	if file := os.Getenv(stepSummary); file != "" && file != o.summary {
		if err := appendSummary(file, s); err != nil { // no one has asked for it: the verdict stands
			fmt.Fprintf(a.err, "capsize: %s: %v\n", stepSummary, err)
		}
	}
	return errors.Join(errs...)
}

func writeTo(file string, flags int, text []byte) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|flags, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func appendSummary(file string, s ci.Suite) error {
	var b bytes.Buffer
	if err := ci.Summary(&b, s); err != nil {
		return err
	}
	return writeTo(file, os.O_APPEND, b.Bytes())
}
