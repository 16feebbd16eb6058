package failure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads the text of a file. It is strict: what it does not know is an error, which names the file and the line.
func Parse(b []byte, file string) (Failure, error) {
	p := parser{f: Failure{file: file}, seen: map[string]bool{}}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) // git may have done that
	for len(b) > 0 && p.section != historySection {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b, p.line = rest, p.line+1
		if err := p.read(line); err != nil {
			return p.f, p.f.at(p.line, err)
		}
	}
	for _, s := range []string{planSection, opsSection, historySection} {
		if !p.seen[s+" section"] {
			return p.f, p.f.at(max(1, p.line), fmt.Errorf("the file ends before its part %q", s))
		}
	}
	p.f.History = b
	return p.f, p.f.Validate()
}

type parser struct {
	f       Failure
	line    int    // number of the line, from 1
	section string // that the line is in; empty for the parameters
	seen    map[string]bool
}

// read reads one line.
func (p *parser) read(raw []byte) error {
	if p.line == 1 {
		return readTitle(string(raw))
	}
	if !utf8.Valid(raw) {
		return errors.New("it is no UTF-8")
	}
	line := strings.TrimSpace(string(raw))
	switch {
	case line == "" || line[0] == '#':
		if p.line == len(p.f.Story)+2 && line != "" {
			p.f.Story = append(p.f.Story, strings.TrimPrefix(line[1:], " "))
		}
		return nil
	case line == planSection || line == opsSection || line == historySection:
		return p.begin(line)
	case p.section == planSection:
		return p.step(line)
	case p.section == opsSection:
		return p.op(line)
	}
	return p.param(line)
}

func readTitle(line string) error {
	number, ok := strings.CutPrefix(line, title)
	if !ok {
		return fmt.Errorf("it does not begin with %q, so this is no saved failure", title+strconv.Itoa(version))
	}
	switch v, err := strconv.Atoi(number); {
	case err != nil || v < 1:
		return fmt.Errorf("%q is no version", number)
	case v > version:
		return fmt.Errorf("the file has version %d of the form, and this capsize knows up to version %d: it was written by a later one", v, version)
	}
	return nil
}

// begin begins a part of the file. The parts have one order.
func (p *parser) begin(section string) error {
	before := map[string]string{planSection: "", opsSection: planSection, historySection: opsSection}
	if p.section != before[section] || p.seen[section+" section"] {
		return fmt.Errorf("the part %q is out of its place: the parameters, %q, %q and %q stand in this order, each once", section, planSection, opsSection, historySection)
	}
	p.section, p.seen[section+" section"] = section, true
	return nil
}

func (p *parser) param(line string) error {
	name, text, _ := strings.Cut(line, " ")
	text, err := unquoted(strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	for _, x := range params {
		if x.name != name {
			continue
		}
		if p.seen[name] && !x.many {
			return fmt.Errorf("%q stands twice", name)
		}
		p.seen[name] = true
		if err := x.set(&p.f, text); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		return nil
	}
	var names []string
	for _, x := range params {
		names = append(names, x.name)
	}
	return fmt.Errorf("there is no parameter %q; there are %s", name, strings.Join(names, ", "))
}

// step reads "step 1  at 2s  for 1s  {…}  # comment".
func (p *parser) step(line string) (err error) {
	s := Step{line: p.line}
	rest := line
	for _, x := range []struct {
		word string
		set  func(text string) error
	}{
		{"step", func(text string) (err error) { s.ID, err = parseNumber(text); return err }},
		{"at", func(text string) (err error) { s.At, err = parseDuration(text); return err }},
		{"for", func(text string) (err error) { s.For, err = parseDuration(text); return err }},
	} {
		if rest, err = word(rest, x.word, x.set); err != nil {
			return fmt.Errorf("a step is as \"step 1  at 2s  for 1s  {…}\": %w", err)
		}
	}
	if s.Fault, err = value(rest); err != nil {
		return fmt.Errorf("the fault of step %d: %w", s.ID, err)
	}
	if s.Fault[0] != '{' {
		return fmt.Errorf("the fault of step %d is no object of JSON", s.ID)
	}
	p.f.Steps = append(p.f.Steps, s)
	return nil
}

// op reads "at 1.2s  client 3  {…}  # comment", or one with "final" in place of the time.
func (p *parser) op(line string) (err error) {
	const form = "an operation is as \"at 1.2s  client 3  {…}\" or \"final  client 3  {…}\": %w"
	o := Op{line: p.line}
	rest, final := strings.CutPrefix(line, "final ")
	if o.Final = final; !final {
		if rest, err = word(rest, "at", func(text string) (err error) { o.At, err = parseDuration(text); return err }); err != nil {
			return fmt.Errorf(form, err)
		}
	}
	if rest, err = word(rest, "client", func(text string) (err error) { o.Client, err = parseNumber(text); return err }); err != nil {
		return fmt.Errorf(form, err)
	}
	if o.Input, err = value(rest); err != nil {
		return fmt.Errorf("the input of operation %d: %w", len(p.f.Ops)+1, err)
	}
	p.f.Ops = append(p.f.Ops, o)
	return nil
}

// word reads a word that must stand there, and the one after it.
func word(text, name string, set func(text string) error) (rest string, err error) {
	text = strings.TrimLeft(text, " \t")
	after, ok := strings.CutPrefix(text, name)
	trimmed := strings.TrimLeft(after, " \t")
	if !ok || trimmed == after {
		return "", fmt.Errorf("%q is missing", name)
	}
	end := strings.IndexAny(trimmed, " \t")
	if end < 0 {
		end = len(trimmed)
	}
	if err := set(trimmed[:end]); err != nil {
		return "", fmt.Errorf("%q: %w", name, err)
	}
	return trimmed[end:], nil
}

func parseNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number from 0 on", text)
	}
	return n, nil
}

// value reads a value of JSON, after which a comment may stand.
func value(text string) (json.RawMessage, error) {
	d := json.NewDecoder(strings.NewReader(text))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("unexpected end of JSON input")
		}
		return nil, err
	}
	if rest := strings.TrimSpace(text[d.InputOffset():]); rest != "" && rest[0] != '#' {
		return nil, fmt.Errorf("after it stands %q", rest)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}
