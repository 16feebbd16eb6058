package kafka

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// notices are what Jepsen lists beside anomalies: that a cycle exists which it lists too, or that there is no dependency to search.
var notices = []string{"empty-transaction-graph", "PL-1-cycle-exists", "PL-2-cycle-exists", "strong-PL-1-cycle-exists", "strong-PL-2-cycle-exists"}

// otherwise are the vectors that are not followed: what is found instead of what Jepsen says, and why.
var otherwise = map[string]struct {
	unseen int
	why    string
}{
	"lost-write-test--03":            {0, "c is polled by the last call: a log that was only polled is not unseen"},
	"lost-write-test--04":            {0, "c is polled by the last call: a log that was only polled is not unseen"},
	"g1a-test--01":                   {0, "2 was never acknowledged, and it is polled by the last call"},
	"inconsistent-offsets-test--02":  {1, "1 of y is polled by the last call; 2 of x is unseen"},
	"int-nonmonotonic-send-test--01": {2, "b, c and d of y were never acknowledged, and are polled by the last call; c and a of x are unseen"},
}

// TestVectors compares with what Jepsen's checker says of the histories of its own tests: types and numbers of anomalies.
func TestVectors(t *testing.T) {
	root := os.Getenv("CAPSIZE_CORPUS")
	if root == "" {
		t.Skip("CAPSIZE_CORPUS is not set")
	}
	names, err := filepath.Glob(filepath.Join(root, "jepsen-testvectors", "kafka--*.edn"))
	require.NoError(t, err)
	require.Len(t, names, 37)
	for _, path := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "kafka--"), ".edn")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			head, _, _ := bytes.Cut(text, []byte("\n"))
			want, o := expected(t, string(head))
			if d, ok := otherwise[name]; ok {
				require.NotEqual(t, d.unseen, want["unseen"], "the vector is followed now")
				t.Log(d.why)
				if want["unseen"] = d.unseen; d.unseen == 0 {
					delete(want, "unseen")
				}
			}
			h, err := history.Decode(bytes.NewReader(text), name, history.Options{Lenient: true})
			require.NoError(t, err)
			r, err := Judge(t.Context(), h, o)
			require.NoError(t, err)
			got := map[string]int{}
			for _, a := range r.Anomalies {
				got[a.Type] = a.Count
				t.Logf("%s: %s", a.Type, a.Reason)
				assert.NotEmpty(t, a.Calls)
			}
			assert.Equal(t, want, got)
			verdict := Checker(o).Check(t.Context(), h).Verdict
			assert.Equal(t, r.Wrong(), verdict == checker.Invalid)
			assert.Equal(t, name == "empty-history-test--01", verdict == checker.Unknown)
		})
	}
}

// expected returns how many anomalies of each type the header of a vector names, and the options.
func expected(t *testing.T, head string) (map[string]int, Options) {
	v, err := edn.Parse(head)
	require.NoError(t, err)
	get := func(m any, key string) any {
		v, _ := m.(edn.Map).Get(edn.Keyword(key))
		return v
	}
	o := Options{WW: get(get(v, "opts"), "ww-deps") == true}
	want := map[string]int{}
	for _, p := range get(get(v, "result"), "errors").(edn.Map) {
		name := string(p.Key.(edn.Keyword))
		if slices.Contains(notices, name) {
			continue
		}
		if name == "unseen" {
			for _, k := range get(p.Value, "unseen").(edn.Map) {
				want[name] += int(k.Value.(int64))
			}
			continue
		}
		all, ok := sequence(p.Value)
		require.True(t, ok, "%s", name)
		want[name] = len(all)
	}
	return want, o
}
