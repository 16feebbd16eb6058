package failure

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/capsize-go/capsize/cluster"
)

// title begins the first line, before the version.
const title = "capsize failure v"

// version is that of the form. A file of a later one is refused.
const version = 1

// sections are the parts after the parameters, each after a line that has its name alone.
const (
	planSection    = "plan"
	opsSection     = "ops"
	historySection = "history"
)

// Encode returns the text of the file.
func (f Failure) Encode() ([]byte, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", title, version)
	for _, line := range f.Story {
		b.WriteString(strings.TrimRight("# "+oneLine(line), " ") + "\n")
	}
	b.WriteString("\n")
	if f.Go == "" {
		f.Go = runtime.Version()
	}
	f.Inputs = f.Sum()
	for _, p := range params {
		for _, text := range p.get(&f) {
			fmt.Fprintf(&b, "%-10s %s\n", p.name, quoted(text))
		}
	}
	b.WriteString("\n" + planSection + "\n")
	for _, s := range f.Steps {
		line := fmt.Sprintf("step %d  at %v  for %v  %s", s.ID, s.At, s.For, s.Fault)
		b.WriteString(withComment(line, s.Chose))
	}
	b.WriteString("\n" + opsSection + "\n")
	for i, o := range f.Ops {
		when := "at " + o.At.String()
		if o.Final {
			when = "final"
		}
		line := fmt.Sprintf("%-14s client %d  %s", when, o.Client, o.Input)
		b.WriteString(withComment(line, fmt.Sprintf("operation %d, at n%d", i+1, o.Client%f.Record.Nodes+1)))
	}
	b.WriteString("\n" + historySection + "\n")
	b.Write(f.History)
	return b.Bytes(), nil
}

func withComment(line, comment string) string {
	if comment == "" {
		return line + "\n"
	}
	return line + "  # " + oneLine(comment) + "\n"
}

// oneLine returns a text without what ends a line, or what a terminal would obey.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// quoted returns the text of a value: as it is where that can be read back, and else in quotes, as in Go.
func quoted(text string) string {
	plain := text != "" && utf8.ValidString(text) && strings.TrimSpace(text) == text && text[0] != '"'
	for _, r := range text {
		plain = plain && strconv.IsPrint(r)
	}
	if plain {
		return text
	}
	return strconv.Quote(text)
}

// unquoted reads what quoted wrote.
func unquoted(text string) (string, error) {
	if !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	s, err := strconv.Unquote(text)
	if err != nil {
		return "", fmt.Errorf("%s is no text in quotes", text)
	}
	return s, nil
}

// A param is a line of the parameters: how it is written and read. One that is empty is left out.
type param struct {
	name string
	get  func(f *Failure) []string
	set  func(f *Failure, text string) error
	many bool // it may stand several times
}

// params are the parameters, in the order of the file.
var params = []param{
	text("test", func(f *Failure) *string { return &f.Record.Test }),
	text("run", func(f *Failure) *string { return &f.Record.Run }),
	text("system", func(f *Failure) *string { return &f.Record.System }),
	text("bug", func(f *Failure) *string { return &f.Record.Bug }),
	text("workload", func(f *Failure) *string { return &f.Record.Workload }),
	text("nemesis", func(f *Failure) *string { return &f.Record.Nemesis }),
	number("seed", func(f *Failure) *uint64 { return &f.Record.Seed }),
	count("nodes", func(f *Failure) *int { return &f.Record.Nodes }),
	count("clients", func(f *Failure) *int { return &f.Record.Clients }),
	{name: "rate", get: func(f *Failure) []string { return []string{rateText(f.Record.Rate)} }, set: setRate},
	duration("duration", func(f *Failure) *time.Duration { return &f.Record.Duration }),
	duration("timeout", func(f *Failure) *time.Duration { return &f.Record.Timeout }),
	duration("settle", func(f *Failure) *time.Duration { return &f.Record.Settle }),
	{name: "core", get: func(f *Failure) []string { return only(f.Record.Core, "true") }, set: setCore},
	{name: "calm", get: func(f *Failure) []string { return only(f.Record.Calm != cluster.Calm{}, f.Record.Calm.String()) }, set: func(f *Failure, text string) error {
		return f.Record.Calm.UnmarshalText([]byte(text))
	}},
	text("schedule", func(f *Failure) *string { return &f.Record.Schedule }),
	text("runtime", func(f *Failure) *string { return &f.Record.Runtime }),
	number("after_seed", func(f *Failure) *uint64 { return &f.Record.After }),
	text("checker", func(f *Failure) *string { return &f.Shows.Checker }),
	text("anomaly", func(f *Failure) *string { return &f.Shows.Anomaly }),
	text("shape", func(f *Failure) *string { return &f.Shows.Shape }),
	{name: "verdict", get: func(f *Failure) []string { return []string{f.Record.Verdict.String()} }, set: setVerdict},
	text("reason", func(f *Failure) *string { return &f.Record.Reason }),
	text("shrunk", func(f *Failure) *string { return &f.Shrunk }),
	number("from_seed", func(f *Failure) *uint64 { return &f.From }),
	{name: "without", many: true, get: notes, set: addNote},
	text("digest", func(f *Failure) *string { return &f.Record.Digest }),
	text("repeats", func(f *Failure) *string { return &f.Record.Repeats }),
	text("inputs", func(f *Failure) *string { return &f.Inputs }),
	text("capsize", func(f *Failure) *string { return &f.Record.Capsize }),
	text("go", func(f *Failure) *string { return &f.Go }),
	text("build", func(f *Failure) *string { return &f.Record.Build }),
}

// only returns the text if it is to be there.
func only(there bool, text string) []string {
	if !there {
		return nil
	}
	return []string{text}
}

func text(name string, of func(*Failure) *string) param {
	return param{
		name: name,
		get:  func(f *Failure) []string { return only(*of(f) != "", *of(f)) },
		set:  func(f *Failure, text string) error { *of(f) = text; return nil },
	}
}

func number(name string, of func(*Failure) *uint64) param {
	return param{
		name: name,
		get:  func(f *Failure) []string { return only(*of(f) != 0 || name == "seed", strconv.FormatUint(*of(f), 10)) },
		set: func(f *Failure, text string) (err error) {
			if *of(f), err = strconv.ParseUint(text, 10, 64); err != nil {
				return fmt.Errorf("%q is no number from 0 on", text)
			}
			return nil
		},
	}
}

func count(name string, of func(*Failure) *int) param {
	return param{
		name: name,
		get:  func(f *Failure) []string { return []string{strconv.Itoa(*of(f))} },
		set: func(f *Failure, text string) (err error) {
			if *of(f), err = strconv.Atoi(text); err != nil {
				return fmt.Errorf("%q is no number", text)
			}
			return nil
		},
	}
}

func duration(name string, of func(*Failure) *time.Duration) param {
	return param{
		name: name,
		get:  func(f *Failure) []string { return []string{of(f).String()} },
		set: func(f *Failure, text string) (err error) {
			*of(f), err = parseDuration(text)
			return err
		},
	}
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf(`%q is no duration such as "1.5s"`, text)
	case d < 0:
		return 0, fmt.Errorf("the duration %q is negative", text)
	}
	return d, nil
}

func notes(f *Failure) (lines []string) {
	for _, n := range f.Notes {
		lines = append(lines, n.Part+": "+n.Without)
	}
	return lines
}

func addNote(f *Failure, text string) error {
	part, without, ok := strings.Cut(text, ": ")
	if !ok || part == "" || without == "" {
		return fmt.Errorf(`%q is not as "fault 1: it passes"`, text)
	}
	f.Notes = append(f.Notes, Note{part, without})
	return nil
}

func setRate(f *Failure, text string) (err error) {
	if text == unpaced {
		text = "+Inf"
	}
	if f.Record.Rate, err = strconv.ParseFloat(text, 64); err != nil {
		return fmt.Errorf("%q is no number, nor %q", text, unpaced)
	}
	return nil
}

func setCore(f *Failure, text string) (err error) {
	if f.Record.Core, err = strconv.ParseBool(text); err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	return nil
}

func setVerdict(f *Failure, text string) error {
	v, ok := parseVerdict(text)
	if !ok {
		return fmt.Errorf("%q is no verdict: it is valid, unknown or invalid", text)
	}
	f.Record.Verdict = v
	return nil
}
