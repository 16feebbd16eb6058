package nemesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// A Plan is the list of steps of a nemesis. A plan is itself a nemesis,
// with these steps for each seed.
type Plan []Step

// Plan returns the steps that begin within d.
func (p Plan) Plan(_ uint64, d time.Duration) Plan {
	var q Plan
	for _, s := range p {
		if s.At < d {
			q = append(q, s)
		}
	}
	return q
}

// String describes the plan on one line. See [Plan.Table] for its steps.
func (p Plan) String() string {
	switch len(p) {
	case 0:
		return "none"
	case 1:
		return fmt.Sprintf("%v at %v for %v", p[0].Fault, p[0].At, p[0].For)
	}
	return fmt.Sprintf("a plan of %d steps", len(p))
}

// Table formats the plan with one step a line.
func (p Plan) Table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tAT\tFOR\tFAULT")
	for _, s := range p {
		fmt.Fprintf(w, "%d\t%v\t%v\t%v\n", s.ID, s.At, s.For, s.Fault)
	}
	w.Flush()
	return b.String()
}

// Without returns the plan without the step of that ID. The choices of the other
// steps stay as they were.
func (p Plan) Without(id int) Plan {
	var q Plan
	for _, s := range p {
		if s.ID != id {
			q = append(q, s)
		}
	}
	return q
}

// stepJSON is a step as it is kept in a file.
type stepJSON struct {
	ID    int             `json:"id"`
	At    string          `json:"at"`
	For   string          `json:"for"`
	Fault json.RawMessage `json:"fault"`
}

// MarshalJSON returns the plan as a list of objects, one a step, with durations
// as Go writes them: "1.5s".
func (p Plan) MarshalJSON() ([]byte, error) {
	steps := make([]stepJSON, 0, len(p))
	for _, s := range p {
		f, err := encodeFault(s.Fault)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", s.ID, err)
		}
		steps = append(steps, stepJSON{s.ID, s.At.String(), s.For.String(), f})
	}
	return json.Marshal(steps)
}

// UnmarshalJSON reads what MarshalJSON wrote. An error says which step is wrong.
func (p *Plan) UnmarshalJSON(b []byte) error {
	var steps []json.RawMessage
	if err := json.Unmarshal(b, &steps); err != nil {
		return fmt.Errorf("a plan is a list of steps: %w", err)
	}
	q := Plan{}
	seen := map[int]bool{}
	for i, raw := range steps {
		s, err := decodeStep(raw)
		if err == nil && seen[s.ID] {
			err = fmt.Errorf("id %d is taken", s.ID)
		}
		if err != nil {
			return fmt.Errorf("step %d of the plan: %w", i+1, err)
		}
		seen[s.ID] = true
		q = append(q, s)
	}
	*p = q
	return nil
}

// decodeStep reads one step from JSON. The error names the field that is wrong.
func decodeStep(raw []byte) (Step, error) {
	var j stepJSON
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return Step{}, err
	}
	s := Step{ID: j.ID}
	var err error
	if s.At, err = parseDuration("at", j.At); err != nil {
		return s, err
	}
	if s.For, err = parseDuration("for", j.For); err != nil {
		return s, err
	}
	if len(j.Fault) == 0 {
		return s, errors.New(`"fault" is missing`)
	}
	s.Fault, err = decodeFault(j.Fault)
	return s, err
}

// parseDuration reads the duration of a field, which must be there and not be negative.
func parseDuration(field, text string) (time.Duration, error) {
	if text == "" {
		return 0, fmt.Errorf("%q is missing", field)
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = errors.New("it is negative")
	}
	if err != nil {
		return 0, fmt.Errorf("%q: %w", field, err)
	}
	return d, nil
}

// ReadPlan reads a plan from JSON. An error begins with name and the line that
// is wrong.
func ReadPlan(r io.Reader, name string) (Plan, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("%s:%d: a plan is a list of steps: %w", name, line(b, offset(err, len(b))), err)
	}
	p := Plan{}
	from := 0
	for i, step := range raw {
		at := from + max(0, bytes.Index(b[from:], step))
		from = at + len(step)
		var one Plan
		if err := one.UnmarshalJSON(append(append([]byte("["), step...), ']')); err != nil {
			return nil, fmt.Errorf("%s:%d: %s", name, line(b, at), strings.Replace(err.Error(), "step 1", fmt.Sprint("step ", i+1), 1))
		}
		p = append(p, one...)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// Validate reports the first mistake of a plan: a step without a fault, two of
// one ID, a time that is negative.
func (p Plan) Validate() error {
	seen := map[int]bool{}
	for i, s := range p {
		switch {
		case s.Fault == nil:
			return fmt.Errorf("step %d of the plan has no fault", i+1)
		case seen[s.ID]:
			return fmt.Errorf("step %d of the plan: id %d is taken", i+1, s.ID)
		case s.At < 0 || s.For < 0:
			return fmt.Errorf("step %d of the plan: its times are negative", i+1)
		}
		seen[s.ID] = true
	}
	return nil
}

// offset returns where in the input a JSON error is, or otherwise if it does not say.
func offset(err error, otherwise int) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.Offset)
	case errors.As(err, &kind):
		return int(kind.Offset)
	}
	return otherwise
}

func line(b []byte, offset int) int { return 1 + bytes.Count(b[:min(offset, len(b))], []byte("\n")) }
