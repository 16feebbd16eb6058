package detgo

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want arguments
	}{
		{"none", nil, arguments{dir: "."}},
		{"all is handed on", []string{"-race", "./...", "-run", "X"}, arguments{dir: ".", rest: []string{"-race", "./...", "-run", "X"}}},
		{"an overlay", []string{"-v", "-overlay", "o.json", "."}, arguments{dir: ".", overlay: "o.json", given: true, rest: []string{"-v", "."}}},
		{"with two dashes", []string{"--overlay=o.json"}, arguments{dir: ".", overlay: "o.json", given: true}},
		{"of two the last", []string{"-overlay=a", "-overlay=b"}, arguments{dir: ".", overlay: "b", given: true}},
		{"an empty one", []string{"-overlay="}, arguments{dir: ".", given: true}},
		{"without a file", []string{"-overlay"}, arguments{dir: "."}},
		{"behind -args", []string{".", "-args", "-overlay=a"}, arguments{dir: ".", rest: []string{".", "-args", "-overlay=a"}}},
		{"a folder", []string{"-C", "sub", "-v"}, arguments{chdir: []string{"-C", "sub"}, dir: "sub", rest: []string{"-v"}}},
		{"a folder in one", []string{"--C=sub", "-v"}, arguments{chdir: []string{"--C=sub"}, dir: "sub", rest: []string{"-v"}}},
		{"a folder too late", []string{"-v", "-C", "sub"}, arguments{dir: ".", rest: []string{"-v", "-C", "sub"}}},
		{"a name like the flag", []string{"overlay"}, arguments{dir: ".", rest: []string{"overlay"}}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, parse(c.args)) })
	}
}

func TestValue(t *testing.T) {
	for _, c := range []struct {
		args  []string
		value string
		ok    bool
	}{
		{[]string{"-o", "x", "."}, "x", true},
		{[]string{"--o=y"}, "y", true},
		{[]string{"-v", "."}, "", false},
		{[]string{".", "-args", "-o", "x"}, "", false},
	} {
		value, ok := parse(c.args).value("o")
		assert.Equal(t, c.value, value, "%q", c.args)
		assert.Equal(t, c.ok, ok, "%q", c.args)
	}
}

// TestGOFLAGS splits as the go command does.
func TestGOFLAGS(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		"-mod=mod -overlay=/a/o.json":        "/a/o.json",
		`-v "-overlay=/a b/o.json" -race`:    "/a b/o.json",
		"'-overlay=/a b/o.json'":             "/a b/o.json",
		"-ldflags='-overlay=x' \t-mod=mod":   "",
		"-overlay=a\n--overlay=b":            "b",
		`-overlay=/it's/o.json`:              "/it's/o.json",
		`"-overlay=/it's/o.json"-mod=vendor`: "/it's/o.json",
	} {
		got, err := overlayOf(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	_, err := overlayOf("'-overlay=x")
	require.ErrorContains(t, err, "GOFLAGS")
	for _, flag := range []string{"-overlay=/a/o.json", "-overlay=/a b/o.json", "-overlay=/it's a/o.json"} {
		flags, err := split("-v " + inGOFLAGS(flag))
		require.NoError(t, err)
		assert.Equal(t, []string{"-v", flag}, flags)
	}
}
