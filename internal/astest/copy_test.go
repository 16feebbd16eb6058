package astest_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/astest"
	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gosource"
)

const shop = `//go:build linux || !linux

package shop

import (
	"testing"
	renamed "time"

	cap "github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/workloads"
)

func TestShop(t *testing.T) {
	cap.Run(t, cap.Test{Name: "a shop, open", Duration: 2 * renamed.Second})
	cap.Run(t, cap.Test{})
	cap.Run(t, cap.Test{})
}

func TestOne(t *testing.T) {
	w := workloads.Workload{}
	t.Run("sub", func(t *testing.T) { cap.Run(t, cap.Test{Workload: w}) })
}

func TestHelped(t *testing.T) { helper(t) }

func helper(t *testing.T) { cap.Run(t, cap.Test{}) }
`

// ofTest returns the failure of a Run of a test.
func ofTest(t *testing.T, test, run string) failure.Failure {
	t.Helper()
	text := strings.Replace(saved, "system   raftkv\nbug      local-reads\n", "test "+test+"\n", 1)
	if run != "" {
		text = strings.Replace(text, "seed ", "run "+run+"\nseed ", 1)
	}
	f, err := failure.Parse([]byte(text), "saved")
	require.NoError(t, err)
	return f
}

// TestCopy replaces the call that saved a failure, and leaves the others out.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop_test.go"), []byte(shop), 0o644))
	for _, c := range []struct {
		test, run string
		want      []string
		not       []string
	}{
		{"TestShop", "a-shop-open", []string{"//go:build linux || !linux", "package shop", "repeatShopSeed1(t, cap.Test{Name:", "func(*testing.T, cap.Test) {}(t, cap.Test{})", "func TestShopSeed1(", "test.Duration = renamed.Second", `renamed "time"`}, nil},
		{"TestShop", "", []string{"func(*testing.T, cap.Test) {}(t, cap.Test{Name:", "repeatShopSeed1(t, cap.Test{})"}, nil},
		{"TestShop", "2", []string{"repeatShopSeed1(t, cap.Test{})"}, nil},
		{"TestOne/sub", "", []string{`if t.Name() != "TestOneSeed1/sub" {`, "inputOf(t, test.Workload, `{\"f\":\"write\",\"key\":\"k1\",\"value\":7}`)", "func inputOf("}, []string{"TestShop"}},
	} {
		s, err := astest.Find(ofTest(t, c.test, c.run), dir)
		require.NoError(t, err)
		source, err := s.Copy(gosource.Answer{}, "saved")
		require.NoError(t, err)
		for _, want := range c.want {
			assert.Contains(t, string(source), want)
		}
		for _, not := range c.not {
			assert.NotContains(t, string(source), not)
		}
		_, err = parser.ParseFile(token.NewFileSet(), "x.go", source, parser.SkipObjectResolution)
		require.NoError(t, err)
	}
}

// TestCopyRefuses has tests of which no copy can be made.
func TestCopyRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "shop_test.go")
	require.NoError(t, os.WriteFile(file, []byte(shop), 0o644))
	for _, c := range []struct{ test, run, want string }{
		{"TestGone", "", "there is no test TestGone in " + dir + " any more"},
		{"TestHelped", "", file + ":24:1: TestHelped does not call cap.Run itself, so no test can be made of it"},
		{"TestShop", "closed", file + `:13:1: which call of cap.Run in TestShop is "closed" can't be told`},
	} {
		_, err := astest.Find(ofTest(t, c.test, c.run), dir)
		require.EqualError(t, err, c.want)
	}
	require.NoError(t, os.WriteFile(file, []byte("package"), 0o644))
	_, err := astest.Find(ofTest(t, "TestShop", ""), dir)
	require.ErrorContains(t, err, "read the test: "+file+":1:8: ")
}
