package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// fileStyle is the style of a picture that stands alone. It has the colours of the page, in daylight.
const fileStyle = `<style>svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#1b1f24}.t{fill:#5c6570}.l{font-size:12.5px;font-weight:600}.on{fill:#fff}.f{font-size:11px}` +
	`.open{paint-order:stroke;stroke:#fff;stroke-width:3.5px}.band{fill:#c9184a;fill-opacity:.09}.fault{fill:#f0c4d2}.guide{stroke:#d8dce1;fill:none;stroke-dasharray:2 3}` +
	`.bar-ok{fill:#1f6feb}.bar-bad{fill:#c9184a}.bar-info{fill:#b35900}.bar-fail{fill:#8250df}.context{fill-opacity:.4}` +
	`.arc{stroke:#c9184a;fill:none;stroke-width:1.4}.head{fill:#c9184a}.a{font-size:11px;font-weight:600;fill:#c9184a;paint-order:stroke;stroke:#fff;stroke-width:3px}</style>`

// CounterexampleSVG writes the picture of a run's counterexample as an SVG file with its own style, as for a document. A run without
// a counterexample is an error.
func CounterexampleSVG(w io.Writer, run Run) error {
	why := run.why()
	if why == nil {
		return errors.New("draw counterexample: the run has none")
	}
	p := newCounterexampleSVG(run, why, 760, false)
	picture := string(p.markup("why", altText(run, why)))
	picture = strings.Replace(picture, "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" `, 1)
	picture = strings.Replace(picture, ">", ">"+fileStyle, 1)
	if _, err := io.WriteString(w, picture); err != nil {
		return fmt.Errorf("write counterexample: %w", err)
	}
	return nil
}
