package tracer

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
)

// longestText is how many bytes of a text are kept.
const longestText = 500

// described asks a message what it is. One that panics is shown as what it panicked with: it costs the text, not the run.
func described(m any, ask func() trace.Description) (d trace.Description) {
	defer func() {
		if p := recover(); p != nil {
			d = trace.Description{Name: typeName(m), Text: cut(fmt.Sprintf("Describe panicked: %v", p))}
		}
	}()
	d = ask()
	d.Name, d.Text = cut(d.Name), cut(d.Text)
	return d
}

// oneLine returns the text of a Stringer, on one line.
func oneLine(x fmt.Stringer) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("String panicked: %v", p)
		}
		text = cut(strings.Join(strings.Fields(text), " "))
	}()
	return x.String()
}

// cut cuts a text that is too long for one line.
func cut(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + "…"
}

// typeName returns the name of the type of v without its package.
func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	name := strings.TrimLeft(fmt.Sprintf("%T", v), "*")
	if i := strings.LastIndexByte(name, '.'); i >= 0 && !strings.ContainsAny(name, "[{") {
		name = name[i+1:]
	}
	return name
}

// Words says what a fault does that is a struct of numbers and switches, or a value with a name of its own: its fields that are not
// zero, as "cut" and "delay 5ms, lose 0.3".
func Words(fault any) string {
	v := reflect.ValueOf(fault)
	if v.Kind() != reflect.Struct {
		return fmt.Sprint(fault)
	}
	var words []string
	for i := range v.NumField() {
		f := v.Field(i)
		if f.IsZero() || !v.Type().Field(i).IsExported() {
			continue
		}
		name := lower(v.Type().Field(i).Name)
		if f.Kind() != reflect.Bool {
			name = fmt.Sprint(name, " ", f.Interface())
		}
		words = append(words, name)
	}
	return strings.Join(words, ", ")
}

// lower splits a name of Go into words: "FailSyncs" into "fail syncs".
func lower(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}
