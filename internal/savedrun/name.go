package savedrun

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
)

// Dir holds the failures of a package's tests, each in testdata/capsize/<Test>/<name>, or
// in testdata/capsize/<Test>/<run>/<name> where a test has a Run with a name, or several.
const Dir = "testdata/capsize"

// Name names a run by its seed, so that the name alone is enough to run it elsewhere,
// and by a hash of all else.
func (r Record) Name() string { return fmt.Sprintf("seed-%d-%s", r.Seed, r.ID()) }

// Subtest returns the name of the test that runs a saved failure of a Go test again.
func (r Record) Subtest() string { return path.Join(r.Test, r.Run, r.Name()) }

// A saved failure is named by its seed and a hash of all else. Before there was a seed
// in the name, it was the hash alone.
var name = regexp.MustCompile(`^(?:seed-(\d+)(?:-([0-9a-f]{8}))?|([0-9a-f]{8}))$`)

// ParseName reads a name as [Record.Name] returns it, or as it was before names had a
// seed: then that is 0. The hash is empty if the name has none.
func ParseName(text string) (seed uint64, hash string, ok bool) {
	m := name.FindStringSubmatch(text)
	if m == nil {
		return 0, "", false
	}
	seed, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil { // there is none, or one that is too large for a seed
		seed = 0
	}
	return seed, m[2] + m[3], true
}
