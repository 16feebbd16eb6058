// Package astest writes a saved failure as a Go test that stands alone: the plan and the operations are literals in
// it, and what a run must show is asserted. "capsize replay FILE --as-test" prints it.
//
// A failure of a system of the catalog becomes a test with that system; see [Catalog]. A failure that go test saved becomes a
// copy of the test that saved it; see [Copy].
package astest

import (
	"bytes"
	"fmt"
	"go/format"
	"math"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gosource"
)

// The packages that a test needs.
const (
	capsizePath   = "github.com/capsize-go/capsize"
	nemesisPath   = capsizePath + "/nemesis"
	workloadsPath = capsizePath + "/workloads"
	clusterPath   = capsizePath + "/cluster"
	txnPath       = capsizePath + "/checker/txn"
	schedulePath  = capsizePath + "/schedule"
	systemsPath   = capsizePath + "/catalog/systems"
)

// An emitter writes one file.
type emitter struct {
	f    failure.Failure
	file gosource.File
	name string // of the test
	from string // the file of the failure, for the comment

	body    strings.Builder
	faultOf bool // the file needs the function gosource.FaultOf
	inputOf bool // likewise, inputOf
}

// inputOf is the name of the function that a test calls for an input that has no Go expression.
const inputOf = "inputOf"

func (e *emitter) printf(format string, args ...any) { fmt.Fprintf(&e.body, format, args...) }

// capsize names something of the root package.
func (e *emitter) capsize(name string) string { return e.file.Use(capsizePath, "capsize") + "." + name }

// comment writes what the test is, and what happened.
func (e *emitter) comment() {
	e.printf("// %s repeats a failure of seed %d: %s.\n", e.name, e.f.Record.Seed, e.signature())
	if e.f.Shrunk != "" {
		e.printf("// It was minimised %s.\n", e.f.Shrunk)
	}
	for _, line := range e.f.Story {
		e.printf("%s\n", strings.TrimRight("// "+oneLine(line), " "))
	}
	for i, note := range e.f.Without() {
		if i == 0 {
			e.printf("//\n")
		}
		e.printf("// %s.\n", oneLine(strings.ToUpper(note[:1])+note[1:]))
	}
}

// oneLine returns a text without what ends a line or begins a directive.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// signature is that of the failure on one line, as capsize.Signature has it.
func (e *emitter) signature() string {
	s := e.f.Shows
	text := s.Checker + ": " + s.Anomaly
	if s.Shape != "" {
		text += " (" + s.Shape + ")"
	}
	return oneLine(text)
}

// A field is one of capsize.Test, and what it is to be.
type field struct{ name, value string }

// parameters are the fields of a test that are numbers.
func (e *emitter) parameters() []field {
	r := e.f.Record
	rate := strconv.FormatFloat(r.Rate, 'g', -1, 64)
	if math.IsInf(r.Rate, 1) {
		rate = e.capsize("Unpaced")
	}
	fields := []field{
		{"Seed", strconv.FormatUint(r.Seed, 10)}, {"Nodes", strconv.Itoa(r.Nodes)}, {"Clients", strconv.Itoa(r.Clients)}, {"Rate", rate},
		{"Duration", e.file.Duration(r.Duration)}, {"Timeout", e.file.Duration(r.Timeout)}, {"Settle", e.file.Duration(r.Settle)},
		{"Core", strconv.FormatBool(r.Core)},
	}
	if r.Calm != (cluster.Calm{}) {
		fields = append(fields, field{"Calm", e.calm(r.Calm)})
	}
	if r.Schedule != "" {
		fields = append(fields, field{"Schedule", e.schedule(r.Schedule)})
	}
	return fields
}

// calm returns the expression of when links take a constant time.
func (e *emitter) calm(c cluster.Calm) string {
	pkg := e.file.Use(clusterPath, "cluster")
	if c == cluster.AlwaysCalm {
		return pkg + ".AlwaysCalm"
	}
	return fmt.Sprintf("%s.Calm{Until: %s, From: %s}", pkg, e.file.Duration(c.Until), e.file.Duration(c.From))
}

// schedule returns the expression of a schedule: "random/4" is schedule.Random(4).
func (e *emitter) schedule(text string) string {
	kind, number, _ := strings.Cut(text, "/")
	pkg := e.file.Use(schedulePath, "schedule")
	switch kind {
	case "random", "priorities", "stalls":
		return fmt.Sprintf("%s.%s(%s)", pkg, strings.ToUpper(kind[:1])+kind[1:], number)
	case "first-come":
		return pkg + ".FirstCome()"
	}
	return pkg + ".Schedule{}"
}

// plan writes the steps, a line each.
func (e *emitter) plan() {
	e.printf("%s.Plan{\n", e.file.Use(nemesisPath, "nemesis"))
	for _, s := range e.f.Steps {
		text, needs := e.file.Fault(s.Fault)
		e.faultOf = e.faultOf || needs
		e.printf("{ID: %d, At: %s, For: %s, Fault: %s},%s\n", s.ID, e.file.Duration(s.At), e.file.Duration(s.For), text, lineComment(s.Chose))
	}
	e.printf("}")
}

func lineComment(text string) string {
	if text == "" {
		return ""
	}
	return " // " + oneLine(text)
}

// script writes the operations, a line each. An input without an expression is read from JSON by the workload that the
// expression in workload makes.
func (e *emitter) script(inputs []string, workload string) {
	e.printf("%s.Script{\n", e.file.Use(workloadsPath, "workloads"))
	for i, o := range e.f.Ops {
		when := "Final: true"
		if !o.Final {
			when = "At: " + e.file.Duration(o.At)
		}
		input := inputs[i]
		if input == "" {
			e.inputOf = true
			input = fmt.Sprintf("%s(t, %s, %s)", inputOf, workload, quoted(string(o.Input)))
		}
		e.printf("{Client: %d, %s, Input: %s}, // at n%d\n", o.Client, when, input, o.Client%e.f.Record.Nodes+1)
	}
	e.printf("}")
}

// quoted quotes a text, between backquotes if it can be.
func quoted(text string) string {
	if strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// check writes the run of a test, which is in the variable test, and the assertion.
func (e *emitter) check() {
	s := e.f.Shows
	shape := ""
	if s.Shape != "" {
		shape = ", Shape: " + strconv.Quote(s.Shape)
	}
	e.printf("want := %s{Checker: %q, Anomaly: %q%s}\n", e.capsize("Signature"), s.Checker, s.Anomaly, shape)
	e.printf("// As long as this is false, the test holds that the run shows the failure. Make it true when the bug is\n")
	e.printf("// fixed: then the test holds that the failure does not come back.\n")
	e.printf("const fixed = false\n")
	e.printf("r, err := %s(t.Context(), t, test)\n", e.capsize("Exec"))
	e.printf("if err != nil {\nt.Fatal(err)\n}\n")
	e.printf("if shown := r.Shows(t.Context(), want); shown == fixed {\n")
	e.printf("t.Errorf(\"shows %%q: %%v, but fixed is %%v; the verdict is %%v: %%s\", want, shown, fixed, r.Verdict, r.Reason)\n}\n")
}

// helpers writes the functions that the test calls for what has no literal.
func (e *emitter) helpers() {
	if e.faultOf {
		e.printf("\n// %s returns the fault that a plan in a file has as this JSON: it has no constructor with these parameters.\n", gosource.FaultOf)
		e.printf("func %s(text string) %s.Fault {\n", gosource.FaultOf, e.file.Use(nemesisPath, "nemesis"))
		e.printf("var p %s.Plan\n", e.file.Use(nemesisPath, "nemesis"))
		e.printf("if err := p.UnmarshalJSON([]byte(`[{\"id\":1,\"at\":\"0s\",\"for\":\"0s\",\"fault\":` + text + `}]`)); err != nil {\npanic(err)\n}\n")
		e.printf("return p[0].Fault\n}\n")
	}
	if e.inputOf {
		e.printf("\n// %s returns the input that a script in a file has as this JSON: its type can't be named here.\n", inputOf)
		e.printf("func %s(t *testing.T, w %s.Workload, text string) any {\nt.Helper()\n", inputOf, e.file.Use(workloadsPath, "workloads"))
		e.printf("in, err := w.ReadInput([]byte(text))\nif err != nil {\nt.Fatal(err)\n}\nreturn in\n}\n")
	}
}

// source returns the file: its head, the imports, and what was written.
func (e *emitter) source(constraints, pkg string) ([]byte, error) {
	e.helpers()
	e.file.Use("testing", "testing")
	var b bytes.Buffer
	b.WriteString(constraints)
	fmt.Fprintf(&b, "package %s\n\n", pkg)
	fmt.Fprintf(&b, "// Made by: capsize replay %s --as-test\n\n", e.from)
	fmt.Fprintf(&b, "import (\n%s\n)\n\n", strings.Join(e.file.Imports(), "\n"))
	b.WriteString(e.body.String())
	text, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format the test: %w", err)
	}
	return text, nil
}

// camel joins words to a name of Go: "lease-reads" is LeaseReads.
func camel(text string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !isLetter(r) }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func isLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
