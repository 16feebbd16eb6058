package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const events = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"a says why\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"b says nothing of use\n"}
{"Action":"pass","Package":"p","Test":"TestB/sub","Elapsed":9}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":2.5}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (1.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":1}
{"Action":"output","Package":"p","Output":"FAIL\tp\t3.5s\n"}
{"Action":"fail","Package":"p","Elapsed":3.5}
this is no event
`

// TestSummary has the output of tests that pass left out, and the slowest listed.
func TestSummary(t *testing.T) {
	var b bytes.Buffer
	s := summary{w: &b}
	require.NoError(t, s.read(strings.NewReader(events)))
	s.printSlowest(1)
	assert.Equal(t, "a says why\n--- FAIL: TestA (1.00s)\nFAIL\tp\t3.5s\nthis is no event\n"+
		"the 1 slowest tests:\n     2.5 s  p TestB\n", b.String())
}

// TestProcessorTime runs a package's tests and notes what they took; the exit code is that of the tests.
func TestProcessorTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a test")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"go.mod":    "module example.com/m\n\ngo 1.26\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Fatal(\"bad\") }\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	}
	var b bytes.Buffer
	code, err := runTests(&b, "", 5, []string{"."})
	require.NoError(t, err)
	assert.Equal(t, 1, code)
	assert.Contains(t, b.String(), "--- FAIL: TestBad")
	self, err := filepath.Abs("m.test")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(self, []byte("#!/bin/sh\nexit 3\n"), 0o777))
	assert.Equal(t, 3, runBinary("cpu.txt", []string{self}))
	noted, err := os.ReadFile("cpu.txt")
	require.NoError(t, err)
	assert.Regexp(t, `^/.* \d+\.\d\d\n$`, string(noted))
}
