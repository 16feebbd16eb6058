package detgo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/child"
	"github.com/capsize-go/capsize/internal/rundiff"
)

// The exit codes of Diff.
const (
	alike  = 0
	differ = 1
	noRuns = 2
)

// twiceVariable is the environment variable with the folder for what a test binary's two processes leave.
const twiceVariable = "CAPSIZE_TWICE"

// Diff has go test build the tests, and runs one seed of each test twice, each time in a fresh process: with one processor, and with all that the
// machine has. It prints in what the runs differ. Self is the command that runs [Twice]. The exit code is 0 if all runs
// are alike, 1 if some differ, and 2 if there was none.
func Diff(t Terminal, seed uint64, args []string, self string) (code int, err error) {
	x, err := prepare(args)
	if err != nil {
		return 0, err
	}
	for _, flag := range []string{"exec", "c"} {
		if x.has(flag) {
			return 0, fmt.Errorf("--diff runs the test binary itself, so it can't be used with -%s", flag)
		}
	}
	dir, err := os.MkdirTemp("", "capsize-diff-")
	if err != nil {
		return 0, fmt.Errorf("make a folder for the runs: %w", err)
	}
	defer os.RemoveAll(dir)
	var said bytes.Buffer
	code, err = x.run(Terminal{Out: &said, Err: &said}, x.command("test", "-exec="+self, "-count=1"),
		[]string{twiceVariable + "=" + dir, fmt.Sprint("CAPSIZE_SEED=", seed), "CAPSIZE_SEEDS=1"})
	if err != nil {
		return 0, err
	}
	if code != 0 { // it has built nothing, or was interrupted
		return 0, fmt.Errorf("go test: exit code %d, and nothing was compared\n%s", code, strings.TrimRight(said.String(), "\n"))
	}
	return compareAll(t.Out, dir)
}

// has reports whether a flag is there, with a value or without.
func (x invocation) has(flag string) bool {
	for _, arg := range x.rest {
		switch name, _, _ := flagOf(arg); name {
		case "args":
			return false
		case flag:
			return true
		}
	}
	return false
}

// A process is one of the two that run a test binary.
type process struct {
	Package    string // its folder
	Processors int    // GOMAXPROCS
	Code       int    // its exit code
}

const processFile = "process.json"

// Twice runs a test binary in two processes, one after the other, as [Diff] wants it. It is the program for the flag -exec of go test. It
// succeeds if tests fail: that is for Diff to say.
func Twice(args []string) error {
	if len(args) == 0 || os.Getenv(twiceVariable) == "" {
		return fmt.Errorf("this command is for capsize test --diff alone")
	}
	dir, err := os.MkdirTemp(os.Getenv(twiceVariable), "binary-")
	if err != nil {
		return fmt.Errorf("make a folder for the runs: %w", err)
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	for i, n := range []int{1, max(2, runtime.NumCPU())} {
		if err := once(filepath.Join(dir, fmt.Sprint(i+1)), process{Package: here, Processors: n}, args); err != nil {
			return err
		}
	}
	return nil
}

// once runs a test binary, and keeps what it leaves in a folder.
func once(dir string, p process, args []string) (err error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return fmt.Errorf("make a folder for the runs: %w", err)
	}
	out, err := os.Create(filepath.Join(dir, "output.txt"))
	if err != nil {
		return err
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), rundiff.Variable+"="+dir, fmt.Sprint("GOMAXPROCS=", p.Processors))
	if p.Code, err = child.Run(cmd); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, processFile), b, 0o666)
}

// compareAll compares what was left by the two processes of each test binary.
func compareAll(w io.Writer, dir string) (code int, err error) {
	binaries, err := filepath.Glob(filepath.Join(dir, "binary-*"))
	if err != nil {
		return 0, err
	}
	total, same := 0, 0
	for _, b := range binaries {
		n, m, err := compare(w, b)
		if err != nil {
			return 0, err
		}
		total, same = total+n, same+m
	}
	if total == 0 {
		fmt.Fprintln(w, "nothing was compared: no test that ran has a run of Capsize (capsize.Run, Exec or CheckDeterminism, or explore.Run); "+
			"does -run name another test, or is it skipped?")
		return noRuns, nil
	}
	fmt.Fprintf(w, "%d of %d runs are alike in two processes\n", same, total)
	if same < total {
		return differ, nil
	}
	return alike, nil
}

// compare compares the runs of two processes of one test binary, and returns how many there are and how many of them are alike.
func compare(w io.Writer, dir string) (runs, same int, err error) {
	var processes [2]process
	var all [2][]rundiff.Run
	for i := range all {
		folder := filepath.Join(dir, fmt.Sprint(i+1))
		if processes[i], err = readProcess(folder); err != nil {
			return 0, 0, err
		}
		if all[i], err = rundiff.Read(folder); err != nil {
			return 0, 0, err
		}
	}
	one, many := all[0], all[1]
	for i := range min(len(one), len(many)) {
		differs, err := rundiff.Compare(one[i], many[i])
		if err != nil {
			return 0, 0, err
		}
		if len(differs) == 0 {
			same++
		}
		printRun(w, one[i], differs)
	}
	runs = max(len(one), len(many))
	if len(one) != len(many) {
		fmt.Fprintf(w, "the process with GOMAXPROCS=%d ended after %d runs, and the one with %d after %d\n",
			processes[0].Processors, len(one), processes[1].Processors, len(many))
	}
	if runs == 0 || len(one) != len(many) {
		for i := range processes {
			printOutput(w, filepath.Join(dir, fmt.Sprint(i+1)), processes[i])
		}
	}
	return runs, same, nil
}

func readProcess(dir string) (p process, err error) {
	b, err := os.ReadFile(filepath.Join(dir, processFile))
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read what a process has left: %w", err)
	}
	return p, nil
}

// printRun prints what two runs have in common, or in what they differ.
func printRun(w io.Writer, r rundiff.Run, differs []string) {
	fmt.Fprintf(w, "%s, seed %d", r.Name, r.Seed)
	if r.Verdict != "" {
		fmt.Fprintf(w, ", %s", r.Verdict)
	}
	if len(differs) > 0 {
		fmt.Fprintf(w, ": the two runs differ\n  %s\n", strings.ReplaceAll(strings.Join(differs, "\n"), "\n", "\n  "))
		return
	}
	fmt.Fprintln(w, ": alike")
	if r.Digest != "" {
		fmt.Fprintf(w, "  history   %d ops, %.16s\n", r.Ops, r.Digest)
	}
	if r.Trace != "" {
		fmt.Fprintf(w, "  trace     %s\n", r.Trace)
	}
	fmt.Fprintf(w, "  decisions %d, %s\n", r.Steps, r.Decisions)
}

// printOutput prints how the output of a process begins and ends: what it died of is at the beginning, and which tests failed at the end.
func printOutput(w io.Writer, dir string, p process) {
	b, err := os.ReadFile(filepath.Join(dir, "output.txt"))
	if err != nil || len(b) == 0 {
		return
	}
	const most = 12
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if n := len(lines) - 2*most; n > 0 {
		lines = slices.Concat(lines[:most], []string{fmt.Sprintf("… %d more lines …", n)}, lines[len(lines)-most:])
	}
	fmt.Fprintf(w, "%s, GOMAXPROCS=%d, exit code %d:\n", filepath.Base(p.Package), p.Processors, p.Code)
	for _, line := range lines {
		fmt.Fprintln(w, "  "+line)
	}
}
