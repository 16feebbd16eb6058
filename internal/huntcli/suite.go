package huntcli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize/internal/detgo"
	"github.com/capsize-go/capsize/internal/gocommand"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/crew"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// A suite is what a hunt runs, and how.
type suite struct {
	targets  []campaign.Target
	settings campaign.Settings
	build    string // hash of the programs of the workers
	program  func(campaign.Target) crew.Program
	task     func(campaign.Target) huntrun.Task
	command  func(t campaign.Target, seed uint64) string // runs one seed again; empty: the worker knows it
	remove   func()                                      // what was built for it; nil if nothing was
}

// testOptions are the flags that say what is run of Go tests.
type testOptions struct {
	run              string
	det, race, short bool
	tags             string
}

// testFlags are those that a hunt of the catalog does not have.
var testFlags = []string{"run", "det", "race", "short", "tags"}

func (o *testOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.run, "run", "", "with packages: the tests whose Runs are meant, as go test -run has it; default: all")
	f.BoolVar(&o.det, "det", false, "with packages: build them with the deterministic runtime of capsize test, so that schedules are swept too")
	f.BoolVar(&o.race, "race", false, "with packages: as go test -race")
	f.BoolVar(&o.short, "short", false, "with packages: as go test -short")
	f.StringVar(&o.tags, "tags", "", "with packages: as go test -tags")
}

// flagsOf returns the flags of go test that a test binary is built with.
func (o testOptions) flagsOf() (args []string) {
	if o.race {
		args = append(args, "-race")
	}
	if o.tags != "" {
		args = append(args, "-tags="+o.tags)
	}
	return args
}

// A binary is a test binary of a package.
type binary struct{ importPath, dir, file, hash string }

// workers builds the tests of packages and asks each which Runs it has.
func (o testOptions) workers(ctx context.Context, log io.Writer, packages []string) (s suite, err error) {
	tmp, err := os.MkdirTemp("", "capsize-hunt-")
	if err != nil {
		return s, fmt.Errorf("folder for test binaries: %w", err)
	}
	s.remove = func() { _ = os.RemoveAll(tmp) } // it is a temporary folder
	defer func() {
		if err != nil {
			s.remove()
		}
	}()
	binaries, err := o.build(ctx, log, tmp, packages)
	if err != nil {
		return s, err
	}
	of := map[string]binary{}
	var hashes []string
	for _, b := range binaries {
		of[b.importPath] = b
		hashes = append(hashes, b.hash)
		found, err := crew.Do(ctx, crew.Job{Program: o.program(b, o.run), Task: huntrun.Task{List: true}})
		if err != nil && !nothingRan(found) {
			return s, fmt.Errorf("list the Runs of %s: %w", b.importPath, err)
		}
		for _, f := range found.Found {
			s.targets = append(s.targets, campaign.Target{Package: b.importPath, Test: f.Test, Run: f.Run})
		}
	}
	if len(s.targets) == 0 {
		return s, fmt.Errorf("no test of %s that matches %q calls capsize.Run", strings.Join(packages, " "), o.run)
	}
	s.build = strings.Join(hashes, " ")
	s.settings = campaign.Settings{
		"tests": o.run, "det": strconv.FormatBool(o.det), "race": strconv.FormatBool(o.race), "short": strconv.FormatBool(o.short), "tags": o.tags,
		"CAPSIZE_DURATION": os.Getenv("CAPSIZE_DURATION"), "targets": campaign.TargetsSetting(s.targets),
	}
	s.program = func(t campaign.Target) crew.Program { return o.program(of[t.Package], gocommand.Pattern(t.Test)) }
	s.task = func(t campaign.Target) huntrun.Task { return huntrun.Task{Test: t.Test, Run: t.Run} }
	s.command = func(campaign.Target, uint64) string { return "" }
	return s, nil
}

// nothingRan reports whether a test binary answered without one line: no test of it calls capsize.Run.
func nothingRan(a crew.Answer) bool { return a.Hello == (huntrun.Hello{}) && len(a.Found) == 0 }

// program returns what a worker of a test binary is made of.
func (o testOptions) program(b binary, pattern string) crew.Program {
	p := crew.Program{Path: b.file, Dir: b.dir, Args: []string{"-test.run=" + pattern, "-test.count=1"}}
	if o.short {
		p.Args = append(p.Args, "-test.short")
	}
	if o.det {
		p.Env = append(p.Env, "CAPSIZE_RUNTIME=det")
	}
	return p
}

// build builds the test binaries of packages that have tests.
func (o testOptions) build(ctx context.Context, log io.Writer, tmp string, packages []string) (all []binary, err error) {
	list := exec.CommandContext(ctx, "go", append([]string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}\t{{.Dir}}{{end}}", "-tags=" + o.tags}, packages...)...)
	list.Stderr = log
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", strings.Join(packages, " "), err)
	}
	for line := range strings.Lines(string(out)) {
		importPath, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		b := binary{importPath: importPath, dir: dir, file: filepath.Join(tmp, fmt.Sprintf("%d.test", len(all)))}
		args := append([]string{"-c", "-o", b.file}, o.flagsOf()...)
		if err := o.goTest(ctx, log, append(args, importPath)); err != nil {
			return nil, fmt.Errorf("build the tests of %s: %w", importPath, err)
		}
		if b.hash, err = hashOf(b.file); err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no package with tests", strings.Join(packages, " "))
	}
	return all, nil
}

// goTest runs go test, with the deterministic runtime if that is asked for.
func (o testOptions) goTest(ctx context.Context, log io.Writer, args []string) error {
	if o.det {
		code, err := detgo.Test(detgo.Terminal{Out: log, Err: log}, args)
		if err == nil && code != 0 {
			err = fmt.Errorf("exit code %d", code)
		}
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd.Run()
}

// hashOf returns the hash of a program, as savedrun.Build does of this one.
func hashOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("hash of a test binary: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("hash of a test binary: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// errNoPackages is for flags of Go tests without packages.
var errNoPackages = errors.New("--run, --det, --race, --short and --tags are of Go tests: name their packages, as ./store")
