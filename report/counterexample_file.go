package report

import (
	"errors"
	"fmt"
	"io"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/internal/sequence"
)

// CounterexampleSVG writes the picture of a run's counterexample as an SVG file with its own style, as for a document. It is the file
// why.svg that [Write] puts beside a page, in the width of a document. A run without a counterexample is an error.
func CounterexampleSVG(w io.Writer, run Run) error {
	why := run.why()
	if why == nil {
		return errors.New("draw counterexample: the run has none")
	}
	picture, err := savedCounterexample(run, why, 760)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, picture); err != nil {
		return fmt.Errorf("write counterexample: %w", err)
	}
	return nil
}

// savedCounterexample draws the counterexample for one width, with a style of its own.
func savedCounterexample(run Run, why *checker.Counterexample, width float64) (string, error) {
	style, err := assets.ReadFile("assets/saved.style")
	if err != nil {
		return "", fmt.Errorf("draw counterexample: %w", err)
	}
	picture := newCounterexampleSVG(run, why, width, true).markup("why", altText(run, why))
	return sequence.Standalone(string(picture), string(style)), nil
}
