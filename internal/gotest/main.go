// Command gotest runs go test and says at the end which tests were the slowest, so that a
// loop that grows is noticed where it grows:
//
//	go run ./internal/gotest [-command PROGRAM] [-cpu FILE] [-slowest N] -- FLAGS AND PACKAGES OF GO TEST
//
// It prints what go test prints without -v: a line a package, and the output of
// tests that fail. Of a package that fails without a failing test, by a panic, a
// timeout or a signal, it prints the output of the tests that were under way. An
// interrupt is passed on to go test and its tests, and what they had said is
// printed; a second one kills them. With -cpu it also measures the processor time of
// each test binary, compiling not counted, and appends a line "package seconds" a
// binary to FILE. Its exit code is that of go test.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/child"
)

// cpuFile is the variable by which gotest, as go test's -exec, finds the file for
// processor times.
const cpuFile = "CAPSIZE_GOTEST_CPU"

func main() {
	if file := os.Getenv(cpuFile); file != "" {
		os.Exit(runBinary(file, os.Args[1:]))
	}
	cpu := flag.String("cpu", "", "append the processor time of each test binary to this file")
	program := flag.String("command", "go", "the program whose command test is run, as capsize for capsize test")
	slowest := flag.Int("slowest", 10, "how many of the slowest tests to list")
	flag.Parse()
	code, err := runTests(os.Stdout, *program, *cpu, *slowest, flag.Args())
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
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, child.Signals...)
	defer signal.Stop(signals)
	err := cmd.Start()
	if err == nil {
		go child.PassOn(signals, cmd.Process.Signal)
		err = cmd.Wait()
	}
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
	return exitCode(cmd)
}

// exitCode returns the exit code of a command that ended: 1 if a signal ended it.
func exitCode(cmd *exec.Cmd) int {
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	return 1
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// runTests runs go test, or the command test of another program, and returns its exit code.
func runTests(w io.Writer, program, cpu string, slowest int, args []string) (int, error) {
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
	cmd := exec.Command(program, append(all, args...)...)
	cmd.Stderr, cmd.Env = os.Stderr, env
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	child.OwnGroup(cmd) // so that a terminal's interrupt comes once, from here
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, child.Signals...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go child.PassOn(signals, func(s os.Signal) error { return child.SignalGroup(cmd, s) })
	s := summary{w: w}
	readErr := s.read(out)
	waitErr := cmd.Wait()
	s.printSlowest(slowest)
	if cmd.ProcessState == nil {
		return 1, waitErr
	}
	return exitCode(cmd), readErr
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
	w        io.Writer
	underWay []*output // the tests that have not ended, in the order in which they began
	tests    []timed
}

// An output is what a test has printed so far.
type output struct {
	pkg, test string
	lines     []string
}

// read reads the events until they end. Tests that have not ended by then, since go test
// was killed, are printed.
func (s *summary) read(r io.Reader) error {
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
	s.printUnderWay("")
	return lines.Err()
}

// take prints what go test without -v would print, and keeps the rest.
func (s *summary) take(e event) {
	switch e.Action {
	case "run":
		s.of(e)
	case "output", "build-output":
		switch {
		case strings.HasPrefix(e.Output, "=== "):
		case e.Test != "":
			o := s.of(e)
			o.lines = append(o.lines, e.Output)
		case e.Output != "PASS\n":
			fmt.Fprint(s.w, e.Output)
		}
	case "fail":
		s.end(e, true)
	case "pass", "skip":
		s.end(e, false)
	}
}

// of returns the output of an event's test.
func (s *summary) of(e event) *output {
	if i := s.index(e); i >= 0 {
		return s.underWay[i]
	}
	o := &output{pkg: e.Package, test: e.Test}
	s.underWay = append(s.underWay, o)
	return o
}

func (s *summary) index(e event) int {
	return slices.IndexFunc(s.underWay, func(o *output) bool { return o.pkg == e.Package && o.test == e.Test })
}

// end notes how long a test took, and prints the output of one that failed. A subtest
// counts with its test. A package that failed, or was given up, takes along the tests
// that were under way.
func (s *summary) end(e event, failed bool) {
	if e.Test == "" {
		s.printUnderWay(e.Package)
		return
	}
	if i := s.index(e); i >= 0 {
		if failed {
			s.print(s.underWay[i])
		}
		s.underWay = slices.Delete(s.underWay, i, i+1)
	}
	if !strings.Contains(e.Test, "/") {
		s.tests = append(s.tests, timed{e.Package + " " + e.Test, e.Elapsed})
	}
}

// printUnderWay prints the output of the tests of a package, or of all if pkg is empty,
// that began and did not end: one of them is why the package failed.
func (s *summary) printUnderWay(pkg string) {
	s.underWay = slices.DeleteFunc(s.underWay, func(o *output) bool {
		if pkg != "" && o.pkg != pkg {
			return false
		}
		fmt.Fprintf(s.w, "--- under way: %s %s\n", o.pkg, o.test)
		s.print(o)
		return true
	})
}

func (s *summary) print(o *output) {
	for _, line := range o.lines {
		fmt.Fprint(s.w, line)
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
