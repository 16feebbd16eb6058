package capsize_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
)

// A replica is an echo that has a state besides.
type replica struct {
	echo
	digest func(h *cluster.Host, node string) (string, error)
}

func (r replica) Digest(_ context.Context, h *cluster.Host, node string) (string, error) {
	return r.digest(h, node)
}

// TestConvergence has replicas agree at once, late, never and not at all.
func TestConvergence(t *testing.T) {
	for name, c := range map[string]struct {
		digest func(h *cluster.Host, node string) (string, error)
		want   string
	}{
		"at once": {func(*cluster.Host, string) (string, error) { return "same", nil }, ""},
		"late": {func(h *cluster.Host, node string) (string, error) {
			if h.Clock().Monotonic() < 9*time.Second {
				return node, nil
			}
			return "same", nil
		}, ""},
		"never": {func(_ *cluster.Host, node string) (string, error) {
			if node == "n2" {
				return "stale", nil
			}
			return "fresh", nil
		}, "the nodes hold different states 5s after the last operation, which came after the last fault was healed: n1 n3: fresh; n2: stale"},
		"panics": {func(_ *cluster.Host, node string) (string, error) {
			if node == "n3" {
				panic("boom")
			}
			return "fresh", nil
		}, "the nodes hold different states 5s after the last operation, which came after the last fault was healed: n1 n2: fresh; n3: no digest: panic: boom"},
		"no answer": {func(*cluster.Host, string) (string, error) { return "", errors.New("busy") },
			"the nodes hold different states 5s after the last operation, which came after the last fault was healed: n1 n2 n3: no digest: busy"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, replica{digest: c.digest}, func(test *capsize.Test) { test.Duration = time.Second })
			if c.want == "" {
				assert.Equal(t, checker.Valid, r.Verdict, r.Reason)
				return
			}
			assert.Equal(t, checker.Invalid, r.Verdict)
			assert.Equal(t, c.want, r.Reason)
		})
	}
}
