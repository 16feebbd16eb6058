package anycode_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/examples/anycode"
	"github.com/capsize-go/capsize/explore"
	"github.com/capsize-go/capsize/schedule"
)

// loadsOnce has three goroutines ask for one key. It must be loaded once.
func loadsOnce(t *testing.T, careful bool) {
	var loads atomic.Int64
	c := &anycode.Cache[int]{Size: 2, Careful: careful, Load: func(context.Context, string) (int, error) { return int(loads.Add(1)), nil }}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _, _ = c.Get(t.Context(), "a") })
	}
	if wg.Wait(); loads.Load() != 1 {
		t.Errorf("loaded %d times", loads.Load())
	}
}

// TestRacy shows the bug: run it with FAIL=1 capsize test -run TestRacy ./examples/anycode.
func TestRacy(t *testing.T) {
	if os.Getenv("FAIL") == "" {
		t.Skip("it fails, and TestRacyIsFound runs it")
	}
	explore.Run(t, func(t *testing.T) { loadsOnce(t, false) })
}

func TestCareful(t *testing.T) {
	explore.Run(t, func(t *testing.T) { loadsOnce(t, true) })
}

var (
	seed      = regexp.MustCompile(`CAPSIZE_SEED=(\d+)`)
	decisions = regexp.MustCompile(`fails with the schedule .* decisions`)
)

// TestRacyIsFound has TestRacy fail, and its seed fail again with the same decisions in another process.
func TestRacyIsFound(t *testing.T) {
	if !schedule.Active() {
		t.Skip("needs the deterministic runtime, and so this shows nothing of the race: run it with capsize test")
	}
	dir := t.TempDir()
	racy := func(env ...string) string {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRacy$")
		cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "FAIL=1", "CAPSIZE_SEEDS=100"), env...)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		return string(out)
	}
	found := racy("CAPSIZE_SEED=")
	assert.Contains(t, found, "loaded 2 times")
	m := seed.FindStringSubmatch(found)
	require.NotNil(t, m, found)
	again := racy("CAPSIZE_SEED="+m[1], "CAPSIZE_SEEDS=1")
	assert.Contains(t, again, "loaded 2 times")
	assert.Equal(t, decisions.FindString(found), decisions.FindString(again))
	assert.Contains(t, found, "repeats  yes")
}
