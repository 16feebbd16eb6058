// Command gotest runs go test and says at the end which tests were the slowest, so that a
// loop that grows is noticed where it grows:
//
//	go run ./internal/gotest [-cpu FILE] [-slowest N] -- FLAGS AND PACKAGES OF GO TEST
//
// It prints what go test prints without -v: a line a package, and the output of
// tests that fail. With -cpu it also measures the processor time of each test
// binary, compiling not counted, and appends a line "package seconds" a binary to
// FILE. Its exit code is that of go test.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// cpuFile is the variable by which gotest, as go test's -exec, finds the file for
// processor times.
const cpuFile = "CAPSIZE_GOTEST_CPU"

func main() {
	if file := os.Getenv(cpuFile); file != "" {
		os.Exit(runBinary(file, os.Args[1:]))
	}
	cpu := flag.String("cpu", "", "append the processor time of each test binary to this file")
	slowest := flag.Int("slowest", 10, "how many of the slowest tests to list")
	flag.Parse()
	code, err := runTests(os.Stdout, *cpu, *slowest, flag.Args())
	if err != nil {
		fmt.Fprintf(os.Stderr, "gotest: %v\n", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// runBinary is what go test calls in place of a test binary: it runs the binary and
// notes its processor time.
func runBinary(file string, args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, cpuFile+"=") })
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintf(os.Stderr, "gotest: run %s: %v\n", args[0], err)
		return 1
	}
	here, _ := os.Getwd() // go test runs a binary in its package's folder
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = fmt.Fprintf(f, "%s %.2f\n", here, used.Seconds())
		err = firstError(err, f.Close())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "gotest: note the processor time: %v\n", err)
	}
	return max(cmd.ProcessState.ExitCode(), 0)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// runTests runs go test and returns its exit code.
func runTests(w io.Writer, cpu string, slowest int, args []string) (int, error) {
	all := []string{"test", "-json"}
	env := os.Environ()
	if cpu != "" {
		self, err := os.Executable()
		if err != nil {
			return 1, err
		}
		file, err := filepath.Abs(cpu)
		if err != nil {
			return 1, err
		}
		all = append(all, "-exec", self)
		env = append(env, cpuFile+"="+file)
	}
	cmd := exec.Command("go", append(all, args...)...)
	cmd.Stderr, cmd.Env = os.Stderr, env
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	s := summary{w: w}
	readErr := s.read(out)
	waitErr := cmd.Wait()
	s.printSlowest(slowest)
	if cmd.ProcessState == nil {
		return 1, waitErr
	}
	return cmd.ProcessState.ExitCode(), readErr
}

// An event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// A timed test is one that ended.
type timed struct {
	name    string
	seconds float64
}

// A summary gathers what go test says.
type summary struct {
	w      io.Writer
	output map[string][]string // of the tests that are under way, by package and name
	tests  []timed
}

// read reads the events until they end.
func (s *summary) read(r io.Reader) error {
	s.output = map[string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(s.w, lines.Text()) // what is no event is said as it is
			continue
		}
		s.take(e)
	}
	return lines.Err()
}

// take prints what go test without -v would print, and keeps the rest.
func (s *summary) take(e event) {
	id := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if e.Test == "" && !strings.HasPrefix(e.Output, "=== ") && e.Output != "PASS\n" {
			fmt.Fprint(s.w, e.Output)
		} else if e.Test != "" && !strings.HasPrefix(e.Output, "=== ") {
			s.output[id] = append(s.output[id], e.Output)
		}
	case "fail":
		for _, line := range s.output[id] {
			fmt.Fprint(s.w, line)
		}
		s.end(e, id)
	case "pass", "skip":
		s.end(e, id)
	}
}

// end notes how long a test took. A subtest counts with its test.
func (s *summary) end(e event, id string) {
	delete(s.output, id)
	if e.Test != "" && !strings.Contains(e.Test, "/") {
		s.tests = append(s.tests, timed{id, e.Elapsed})
	}
}

// printSlowest lists the slowest tests, by the time that passed while they ran: that
// depends on the load of the machine, the order among them hardly.
func (s *summary) printSlowest(n int) {
	slices.SortStableFunc(s.tests, func(a, b timed) int {
		switch {
		case a.seconds > b.seconds:
			return -1
		case a.seconds < b.seconds:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	if n = min(n, len(s.tests)); n == 0 {
		return
	}
	fmt.Fprintf(s.w, "the %d slowest tests:\n", n)
	for _, t := range s.tests[:n] {
		fmt.Fprintf(s.w, "  %6.1f s  %s\n", t.seconds, t.name)
	}
}
