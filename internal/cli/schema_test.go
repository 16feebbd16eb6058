package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/report/result"
)

// A schema is what result.schema.json uses of JSON Schema. A word that it does not know is an error of the test.
type schema struct {
	Schema      string            `json:"$schema"`
	Ref         string            `json:"$ref"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Type        any               `json:"type"` // a name, or a list of names
	Enum        []any             `json:"enum"`
	Pattern     string            `json:"pattern"`
	Minimum     *float64          `json:"minimum"`
	Items       *schema           `json:"items"`
	Properties  map[string]schema `json:"properties"`
	Required    []string          `json:"required"`
	Additional  *bool             `json:"additionalProperties"`
	Defs        map[string]schema `json:"$defs"`
}

func readSchema(t *testing.T) schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/reference/result.schema.json")
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var s schema
	require.NoError(t, d.Decode(&s))
	return s
}

// validate returns what of a value, at a path, does not keep the schema.
func (s schema) validate(root schema, path string, v any) (problems []string) {
	if s.Ref != "" {
		return root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")].validate(root, path, v)
	}
	wrong := func(format string, args ...any) {
		problems = append(problems, path+": "+fmt.Sprintf(format, args...))
	}
	switch t := s.Type.(type) {
	case string:
		if !isOf(t, v) {
			wrong("%v is no %s", v, t)
		}
	case []any:
		if !slices.ContainsFunc(t, func(name any) bool { return isOf(name.(string), v) }) {
			wrong("%v is none of %v", v, t)
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		wrong("%v is none of %v", v, s.Enum)
	}
	if text, ok := v.(string); ok && s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
		wrong("%q does not match %s", text, s.Pattern)
	}
	if n, ok := v.(float64); ok && s.Minimum != nil && n < *s.Minimum {
		wrong("%v is less than %v", n, *s.Minimum)
	}
	if list, ok := v.([]any); ok && s.Items != nil {
		for i, x := range list {
			problems = append(problems, s.Items.validate(root, fmt.Sprintf("%s.%d", path, i), x)...)
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return problems
	}
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			wrong("%s is missing", name)
		}
	}
	for _, name := range sorting.Keys(object) {
		of, ok := s.Properties[name]
		if !ok && s.Additional != nil && !*s.Additional {
			wrong("there is no %s in the schema", name)
		}
		problems = append(problems, of.validate(root, path+"."+name, object[name])...)
	}
	return problems
}

// isOf reports whether a value of JSON has a type of JSON Schema.
func isOf(name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	}
	return name == "object"
}

// TestResultsKeepTheirSchema validates what the commands print and leave, of runs and histories of several kinds.
func TestResultsKeepTheirSchema(t *testing.T) {
	dir := t.TempDir()
	history := filepath.Join(dir, "h.jsonl")
	require.NoError(t, os.WriteFile(history, []byte(`{"index":0,"time":20,"process":1,"type":"invoke","key":"x","input":{"f":"read","key":"x"}}
{"index":1,"time":30,"process":1,"type":"ok","key":"x","output":7}
`), 0o644))
	s := readSchema(t)
	lines := 0
	for _, args := range [][]string{
		{"run", "--bug", "local-reads", "--seed", "1", "--duration", "8s", "--json"},
		{"run", "--system", "crdtkv", "--seed", "1", "--duration", "2s", "--nemesis", "none", "--json"},
		{"run", "--seed", "1", "--seeds", "2", "--duration", "2s", "--nemesis", "none", "--json"},
		{"run", "--seed", "2", "--duration", "4s", "--stop-at", "2s", "--json"},
		{"check", history},
	} {
		var out, errs bytes.Buffer
		a := &app{t: t, in: strings.NewReader(""), out: &out, err: &errs}
		code := a.execute(t.Context(), append(args, "--report", filepath.Join(dir, "reports")))
		require.NotEqual(t, exitHarness, code, errs.String())
		if args[0] == "check" {
			continue // its lines are other ones
		}
		for line := range strings.Lines(out.String()) {
			lines++
			validates(t, s, []byte(line))
		}
	}
	assert.Equal(t, 5, lines)
	files, err := filepath.Glob(filepath.Join(dir, "reports", "*", result.File))
	require.NoError(t, err)
	require.Len(t, files, 4, "two runs of a sweep that are valid have no page")
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		validates(t, s, text)
		assert.Contains(t, string(text), `"finished": "`)
	}
}

func validates(t *testing.T, s schema, text []byte) {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	assert.Empty(t, s.validate(s, "result", v), "%s", text)
}

// TestSchemaNamesEachField has no field that the schema lacks, and the other way round.
func TestSchemaNamesEachField(t *testing.T) {
	s := readSchema(t)
	for of, typ := range map[*schema]reflect.Type{
		{Properties: s.Properties, Required: s.Required}:                                                       reflect.TypeFor[result.Result](),
		{Properties: s.Defs["call"].Properties, Required: s.Defs["call"].Required}:                             reflect.TypeFor[result.Call](),
		{Properties: s.Properties["ops"].Properties, Required: s.Properties["ops"].Required}:                   reflect.TypeFor[result.Ops](),
		{Properties: s.Properties["checks"].Items.Properties, Required: s.Properties["checks"].Items.Required}: reflect.TypeFor[result.Check](),
	} {
		var fields, required []string
		for i := range typ.NumField() {
			name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			fields = append(fields, name)
			if option != "omitempty" {
				required = append(required, name)
			}
		}
		assert.ElementsMatch(t, fields, sorting.Keys(of.Properties), typ.Name())
		assert.ElementsMatch(t, required, of.Required, typ.Name())
	}
}

// TestSchemaRefuses shows that the validation finds what is wrong.
func TestSchemaRefuses(t *testing.T) {
	s := readSchema(t)
	var good result.Result
	good.Digest, good.Counterexample, good.Checks = strings.Repeat("0", 64), []result.Call{}, []result.Check{}
	text, err := json.Marshal(good)
	require.NoError(t, err)
	validates(t, s, text)
	for from, to := range map[string]string{
		`"verdict":"valid"`: `"verdict":"good"`, `"seed":0`: `"seed":-1`, `"bug":""`: `"bug":1`, `"title":""`: `"titel":""`, `"digest":"0`: `"digest":"x`, `"ok":0`: `"ok":0.5`, `"checks":[]`: `"checks":[{}]`,
	} {
		changed := strings.Replace(string(text), from, to, 1)
		require.NotEqual(t, string(text), changed)
		var v any
		require.NoError(t, json.Unmarshal([]byte(changed), &v))
		assert.NotEmpty(t, s.validate(s, "result", v), to)
	}
}
