package capsize

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/nemesis"
)

// savedDir holds the failures of a package's tests, each in testdata/capsize/<Test>/<id>.
const savedDir = "testdata/capsize"

// A savedRun is what it takes to repeat a run.
type savedRun struct {
	ID       string          `json:"-"`
	Dir      string          `json:"-"`
	Seed     uint64          `json:"seed"`
	Nodes    int             `json:"nodes"`
	Clients  int             `json:"clients"`
	Rate     float64         `json:"rate"` // 0 for clients without a pace
	Duration time.Duration   `json:"duration_ns"`
	Timeout  time.Duration   `json:"timeout_ns"`
	Settle   time.Duration   `json:"settle_ns"`
	Core     bool            `json:"core,omitempty"`
	Plan     nemesis.Plan    `json:"-"`
	RawPlan  json.RawMessage `json:"plan,omitempty"` // absent if the test's faults can't be kept in a file
	Verdict  checker.Verdict `json:"verdict"`
	Reason   string          `json:"reason"`
}

// save keeps a run for the next time that the test is run.
func save(r *Result, test string) (savedRun, error) {
	digest, err := r.Digest()
	if err != nil {
		return savedRun{}, err
	}
	s := savedRun{
		ID: digest[:8], Seed: r.Seed, Nodes: r.Test.Nodes, Clients: r.Test.Clients, Rate: r.Test.Rate,
		Duration: r.Test.Duration, Timeout: r.Test.Timeout, Settle: r.Test.Settle, Core: r.Test.Core,
		Verdict: r.Verdict, Reason: r.Reason,
	}
	if s.Rate == Unpaced {
		s.Rate = 0
	}
	if raw, err := json.Marshal(r.Plan); err == nil {
		s.RawPlan = raw
	}
	s.Dir = filepath.Join(savedDir, filepath.FromSlash(test), s.ID)
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return s, err
	}
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return s, fmt.Errorf("encode run: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "run.json"), append(b, '\n'), 0o644); err != nil {
		return s, err
	}
	f, err := os.Create(filepath.Join(s.Dir, "history.jsonl"))
	if err != nil {
		return s, err
	}
	if err := r.History.Write(f); err != nil {
		return s, errors.Join(fmt.Errorf("write history: %w", err), f.Close())
	}
	return s, f.Close()
}

// savedFailures returns what is kept for a test, in the order of the IDs.
func savedFailures(test string) ([]savedRun, error) {
	dir := filepath.Join(savedDir, filepath.FromSlash(test))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []savedRun
	for _, e := range entries {
		file := filepath.Join(dir, e.Name(), "run.json")
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the folder of a subtest
		}
		if err != nil {
			return nil, err
		}
		s := savedRun{ID: e.Name(), Dir: filepath.Dir(file)}
		if err := json.Unmarshal(b, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(s.RawPlan) > 0 {
			if err := json.Unmarshal(s.RawPlan, &s.Plan); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// replay runs a saved failure again.
func (s savedRun) replay(t *testing.T, test Test, set settings) {
	t.Helper()
	test.Seed, test.Seeds, test.Nodes, test.Clients = s.Seed, 1, s.Nodes, s.Clients
	test.Duration, test.Timeout, test.Settle, test.Core = s.Duration, s.Timeout, s.Settle, s.Core
	if test.Rate = s.Rate; s.Rate == 0 {
		test.Rate = Unpaced
	}
	if s.Plan != nil {
		test.Nemesis = s.Plan
	}
	r, err := Exec(t.Context(), t, test)
	if err != nil {
		t.Fatalf("capsize: %v", err)
	}
	if r.Verdict == checker.Valid || asExpected(r, test.Expect) {
		return
	}
	parent, _, _ := strings.Cut(t.Name(), "/"+s.ID)
	show(t, r, set, s.Dir, rerunTest(parent, s.ID))
}

// onlySaved reports whether the go command was told to run nothing of this test
// but saved failures: -run='^TestStore$/^2f8e513f$'.
func onlySaved(test string, saved []savedRun) bool {
	f := flag.Lookup("test.run")
	if f == nil {
		return false
	}
	parts := strings.Split(f.Value.String(), "/")
	depth := strings.Count(test, "/") + 1
	if len(parts) <= depth || parts[depth] == "" {
		return false
	}
	re, err := regexp.Compile(parts[depth])
	if err != nil {
		return false
	}
	for _, s := range saved {
		if re.MatchString(s.ID) {
			return true
		}
	}
	return false
}

// rerunTest returns the command that runs one saved failure of a test again,
// from the root of the module.
func rerunTest(test, id string) string {
	return fmt.Sprintf("go test -run='%s' %s", exactly(test+"/"+id), packagePath())
}

// rerunSeed returns the command that runs a test again with one seed.
func rerunSeed(test string, seed uint64) string {
	return fmt.Sprintf("CAPSIZE_SEED=%d CAPSIZE_SEEDS=1 go test -run='%s' %s", seed, exactly(test), packagePath())
}

// exactly returns the pattern that -run takes for a test of that name and no other.
func exactly(test string) string {
	var pattern []string
	for part := range strings.SplitSeq(test, "/") {
		pattern = append(pattern, "^"+regexp.QuoteMeta(part)+"$")
	}
	return strings.Join(pattern, "/")
}

// packagePath returns the folder of the package under test from the module's
// root: go test runs a test in its package's folder.
func packagePath() string {
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			rel, err := filepath.Rel(dir, here)
			if err != nil || rel == "." {
				return "."
			}
			return "./" + filepath.ToSlash(rel)
		}
		if dir == filepath.Dir(dir) {
			return "."
		}
	}
}
