package capsize

import (
	"flag"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A family is the Runs of one Go test. Each has a key, so that their failures are kept apart: the name that the test gives it,
// else its number from the second one on.
type family struct {
	taken map[string]bool
	found bool // some Run is the one that -run asks for
}

var families = struct {
	sync.Mutex
	of map[*testing.T]*family
}{of: map[*testing.T]*family{}}

// join makes a Run one of those of t, and returns its key: "" for the first one without a name. When t ends, it fails if -run
// asked for a run that none of them is.
func join(t *testing.T, name string, want wanted) (key string) {
	t.Helper()
	families.Lock()
	defer families.Unlock()
	f := families.of[t]
	if f == nil {
		f = &family{taken: map[string]bool{}}
		families.of[t] = f
		test := t.Name()
		t.Cleanup(func() {
			families.Lock()
			delete(families.of, t)
			found := f.found
			families.Unlock()
			if want.id != "" && !found {
				t.Errorf("capsize: -run asks for %s of %s, and no Run of that test has such a name; they are %s",
					path.Join(want.key, want.id), test, strings.Join(f.names(), ", "))
			}
		})
	}
	key = fileName(name)
	for i := 2; f.taken[key]; i++ {
		key = path.Join(fileName(name), strconv.Itoa(i))
	}
	f.taken[key] = true
	if want.id != "" && want.key == key {
		f.found = true
	}
	return key
}

func (f *family) names() []string {
	var names []string
	for _, key := range sorting.Keys(f.taken) {
		names = append(names, strconv.Quote(key))
	}
	return names
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

// fileName makes of a text one that can be the name of a folder and of a subtest.
func fileName(text string) string {
	return strings.Trim(notInNames.ReplaceAllString(text, "-"), "-.")
}

// A wanted is the one run that go test -run asks for, by the name of a saved failure.
type wanted struct {
	id   string // as seed-17-2f8e513f; empty if -run asks for no run
	key  string // of the Run in its test
	seed uint64 // 0 if the name does not say it
	hash string // empty if the name does not say it
}

// wantedRun returns the run of a test that the go command was asked to run, as by -run='^TestStore$/^seed-17-2f8e513f$'.
func wantedRun(test string) wanted {
	parts := runPattern(test)
	if len(parts) == 0 {
		return wanted{}
	}
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(p, "^"), "$"), `\`, "")
	}
	last := len(parts) - 1
	seed, hash, ok := savedrun.ParseName(parts[last])
	if !ok {
		return wanted{}
	}
	return wanted{id: parts[last], key: strings.Join(parts[:last], "/"), seed: seed, hash: hash}
}

// runPattern returns the parts of -run that are about subtests of a test.
func runPattern(test string) []string {
	f := flag.Lookup("test.run")
	if f == nil {
		return nil
	}
	parts := strings.Split(f.Value.String(), "/")
	depth := strings.Count(test, "/") + 1
	if len(parts) <= depth || parts[depth] == "" {
		return nil
	}
	return parts[depth:]
}

// selects reports whether -run asks for a subtest of that name of a test by a pattern, and not only for the test.
func selects(test, subtest string) bool {
	parts := runPattern(test)
	if parts == nil {
		return false
	}
	for i, elem := range strings.Split(subtest, "/") {
		if i >= len(parts) {
			break
		}
		if ok, err := regexp.MatchString(parts[i], elem); err != nil || !ok {
			return false
		}
	}
	return true
}
