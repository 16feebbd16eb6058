package capsize

import (
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/capsize-go/capsize/internal/gocommand"
)

// settings are what the environment says of all tests.
type settings struct {
	seed     uint64
	seeds    int
	duration time.Duration
	report   string
	stop     Breakpoint
	shrink   time.Duration // of processor time for minimising a failure; 0: not said; less: none
}

func readSettings() (s settings, err error) {
	for _, v := range []struct {
		name string
		set  func(text string) error
	}{
		{"CAPSIZE_SEED", func(x string) (err error) { s.seed, err = strconv.ParseUint(x, 0, 64); return err }},
		{"CAPSIZE_SEEDS", func(x string) (err error) { s.seeds, err = strconv.Atoi(x); return err }},
		{"CAPSIZE_DURATION", func(x string) (err error) { s.duration, err = time.ParseDuration(x); return err }},
		{"CAPSIZE_STOP_AT", func(x string) error { return s.stop.UnmarshalText([]byte(x)) }},
		{"CAPSIZE_SHRINK", func(x string) (err error) { s.shrink, err = parseShrink(x); return err }},
		{"CAPSIZE_REPORT", func(x string) error { s.report = x; return nil }},
	} {
		if text := os.Getenv(v.name); text != "" {
			if err := v.set(text); err != nil {
				return s, fmt.Errorf("environment variable %s: %w", v.name, err)
			}
		}
	}
	return s, nil
}

// parseShrink reads how much processor time minimising a failure may take: "5s", or "off".
func parseShrink(text string) (time.Duration, error) {
	if text == "off" {
		return -1, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = errors.New("it must be more than 0")
	}
	if err != nil {
		return 0, fmt.Errorf(`it is "off" or a time such as "5s": %w`, err)
	}
	return d, nil
}

// shrinkBudget returns how much processor time minimising a failure may take.
func (s settings) shrinkBudget() time.Duration {
	if s.shrink == 0 {
		return 10 * time.Second
	}
	return s.shrink
}

func (s settings) apply(t *Test) {
	if s.seed != 0 {
		t.Seed = s.seed
	}
	if s.seeds != 0 {
		t.Seeds = s.seeds
	}
	if s.duration != 0 {
		t.Duration = s.duration
	}
	if s.stop.At != 0 {
		t.StopAt = s.stop
	}
}

// freshSeed returns a seed that is not likely to have been run before. It is the one draw that is not keyed. It does not come
// from crypto/rand, which belongs to a run that another test may have under way.
func freshSeed() uint64 {
	return maphash.String(maphash.MakeSeed(), "seed")>>16 + 1 // short enough to be read out
}

// env returns what the environment said of the runs, as the prefix of a command.
func (s settings) env() string {
	if s.duration == 0 {
		return ""
	}
	return fmt.Sprintf("CAPSIZE_DURATION=%v ", s.duration)
}

// rerunTest returns the command that runs one failure of a test again, from the root of the module: the saved one, or where that
// is not saved its seed, which is in id.
func (s settings) rerunTest(test, id string) string {
	return s.env() + gocommand.Test(test+"/"+id, gocommand.Package(), gocommand.Flags())
}

// rerunSeed returns the command that runs a test again with one seed.
func (s settings) rerunSeed(test string, seed uint64) string {
	return fmt.Sprintf("CAPSIZE_SEED=%d CAPSIZE_SEEDS=1 %s%s", seed, s.env(), gocommand.Test(test, gocommand.Package(), gocommand.Flags()))
}

// reportDir returns the folder for the pages of failures: the one that the environment names; the test's artifacts if go test
// -artifacts keeps them; or capsize-report in the root of the module, which is made so that git ignores it.
func (s settings) reportDir(t *testing.T) (string, error) {
	if s.report != "" {
		return s.report, nil
	}
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "true" {
		return t.ArtifactDir(), nil
	}
	root, _ := gocommand.ModuleRoot()
	dir := filepath.Join(root, "capsize-report")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make folder of the reports (CAPSIZE_REPORT names another): %w", err)
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(ignore); err == nil {
		return dir, nil
	}
	if err := os.WriteFile(ignore, []byte("*\n"), 0o644); err != nil {
		return "", fmt.Errorf("write in the folder of the reports (CAPSIZE_REPORT names another): %w", err)
	}
	return dir, nil
}
