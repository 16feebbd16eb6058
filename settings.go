package capsize

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// settings are what the environment says of all tests.
type settings struct {
	seed     uint64
	seeds    int
	duration time.Duration
	report   string
	stop     Breakpoint
}

func readSettings() (s settings, err error) {
	for _, v := range []struct {
		name string
		set  func(text string) error
	}{
		{"CAPSIZE_SEED", func(x string) (err error) { s.seed, err = strconv.ParseUint(x, 0, 64); return err }},
		{"CAPSIZE_SEEDS", func(x string) (err error) { s.seeds, err = strconv.Atoi(x); return err }},
		{"CAPSIZE_DURATION", func(x string) (err error) { s.duration, err = time.ParseDuration(x); return err }},
		{"CAPSIZE_STOP_AT", func(x string) (err error) { s.stop, err = ParseBreakpoint(x); return err }},
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

// reportDir returns where the page of a failure goes: the folder that the
// environment names, the test's artifacts if they are kept, or a temporary folder.
func (s settings) reportDir(t *testing.T, id string) string {
	name := strings.NewReplacer("/", "-", " ", "_").Replace(t.Name()) + "-" + id
	if s.report != "" {
		return filepath.Join(s.report, name)
	}
	return filepath.Join(os.TempDir(), "capsize", name)
}

// freshSeed returns a seed that nobody had before. It is the one draw that is not
// keyed, and it is made outside of the run.
func freshSeed() uint64 {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 1
	}
	return binary.LittleEndian.Uint64(b[:])>>16 + 1 // short enough to be read out
}
