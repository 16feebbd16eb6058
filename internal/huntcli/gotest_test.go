//go:build unix

package huntcli

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/huntrun"
)

// TestGoTests hunts in tests of a package: all seeds of each Run, also when the process ends in the middle of one.
func TestGoTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a test binary")
	}
	dir := t.TempDir()
	into := filepath.Join(dir, "campaign")
	const pkg = "./internal/huntcli/testdata/dies"
	r := typed(t, "../..", []string{"CAPSIZE_SEED=9", "CAPSIZE_SEEDS=3"}, "hunt", pkg, "-run", "Dies|Two|Other", "-short", "--seeds", "9", "--workers", "2", "--into", into)
	require.Equal(t, 1, r.code, r.errors+r.out)
	type key struct{ test, run string }
	verdicts := map[key]string{}
	for _, x := range runsOf(t, into) {
		require.Equal(t, "github.com/capsize-go/capsize/internal/huntcli/testdata/dies", x.Target.Package)
		verdicts[key{x.Target.Test, x.Target.Run}] += x.Run.Verdict[:1]
		if x.Run.Verdict == huntrun.Died {
			assert.Contains(t, x.Run.Output, "goodbye from seed")
			assert.Equal(t, huntrun.Signature{Checker: "process", Anomaly: "exit status N"}, *x.Run.Signature)
		}
	}
	assert.Equal(t, "vvvdvvvdv", verdicts[key{"TestDies", ""}])
	assert.Equal(t, "vvvvvvvvv", verdicts[key{"TestTwo", ""}])
	assert.Contains(t, verdicts[key{"TestTwo", "naive"}], "i")
	assert.Len(t, verdicts, 3)

	x := summaryOf(t, dir, into)
	require.Len(t, x.Signatures, 2)
	small := x.Signatures[0]
	require.NotNil(t, small.Smallest)
	assert.Equal(t, "github.com/capsize-go/capsize/internal/huntcli/testdata/dies TestTwo/naive", small.Subject)
	assert.True(t, exists(small.Page))
	assert.Contains(t, small.Smallest.Command, "go test -short -run='^TestTwo$' "+pkg)
	died := x.Signatures[1]
	assert.Equal(t, huntrun.Died, died.Verdict)
	assert.Nil(t, died.Smallest, "what ends the process can't be run in one")
	shown := typed(t, dir, nil, "hunt", "show", died.ID, "--into", into)
	assert.Contains(t, shown.out, "goodbye from seed")

	again := typed(t, "../..", nil, "hunt", pkg, "-run", "Dies|Two|Other", "-short", "--seeds", "9", "--into", into)
	assert.Equal(t, 1, again.code, again.errors)
	assert.Contains(t, again.out, "this time 0 runs")

	none := typed(t, "../..", nil, "hunt", pkg, "-run", "Other", "--into", filepath.Join(dir, "other"))
	assert.Equal(t, 3, none.code)
	assert.Contains(t, none.errors, `no test of `+pkg+` that matches "Other" calls capsize.Run`)
	assert.False(t, exists(dir, "other", campaign.File))

	broken := typed(t, "../..", nil, "hunt", "./none", "--into", filepath.Join(dir, "none"))
	assert.Equal(t, 3, broken.code)
	assert.Contains(t, broken.errors, "go list ./none")
	assert.Empty(t, strings.TrimSpace(broken.out))
}
