package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
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

// TestUnderWay has a package fail without a failing test, and then go test end: the tests that
// were under way are printed, and those of other packages go on.
func TestUnderWay(t *testing.T) {
	var b bytes.Buffer
	s := summary{w: &b}
	require.NoError(t, s.read(strings.NewReader(`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"run","Package":"q","Test":"TestQ"}
{"Action":"output","Package":"q","Test":"TestQ","Output":"q has begun\n"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"SIGQUIT: quit\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t588s\n"}
{"Action":"fail","Package":"p","Elapsed":588}
{"Action":"output","Package":"q","Test":"TestQ","Output":"q goes on\n"}
`)))
	assert.Equal(t, "FAIL\tp\t588s\n--- under way: p TestA\n--- under way: p TestB\nSIGQUIT: quit\n"+
		"--- under way: q TestQ\nq has begun\nq goes on\n", b.String())
}

// program is a package of tests that end in each way.
const program = `package m

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestBad(t *testing.T) { t.Fatal("bad") }

func TestPanics(t *testing.T) {
	println("before the panic")
	go panic("nobody recovers")
	select {}
}

func TestInterrupts(t *testing.T) {
	println("before the interrupt")
	pid, err := strconv.Atoi(os.Getenv("GOTEST"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Hour)
}
`

// TestProcessorTime runs a package's tests and notes what they took; the exit code is that of the tests.
func TestProcessorTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a test")
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.26\n", "a_test.go": program} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	}
	t.Setenv("GOTEST", strconv.Itoa(os.Getpid()))
	for name, want := range map[string][]string{
		"TestBad":    {"--- FAIL: TestBad"},
		"TestPanics": {"--- under way: example.com/m TestPanics", "before the panic", "panic: nobody recovers", "goroutine "},
		// go test ends for the interrupt, and the test is not waited for.
		"TestInterrupts": {"--- under way: example.com/m TestInterrupts", "before the interrupt", "signal: interrupt"},
	} {
		if name == "TestInterrupts" && runtime.GOOS == "windows" {
			continue // it has no signals between processes
		}
		var b bytes.Buffer
		code, err := runTests(&b, "go", "", 5, []string{"-run", name, "."})
		require.NoError(t, err)
		assert.Equal(t, 1, code, name)
		for _, text := range want {
			assert.Contains(t, b.String(), text, name)
		}
	}
	self, err := filepath.Abs("m.test")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(self, []byte("#!/bin/sh\nexit 3\n"), 0o777))
	assert.Equal(t, 3, runBinary("cpu.txt", []string{self}))
	require.NoError(t, os.WriteFile(self, []byte("#!/bin/sh\nkill -9 $$\n"), 0o777))
	assert.Equal(t, 1, runBinary("cpu.txt", []string{self}), "a test that was killed did not pass")
	noted, err := os.ReadFile("cpu.txt")
	require.NoError(t, err)
	assert.Regexp(t, `^(/.* \d+\.\d\d\n){2}$`, string(noted))
}
