package cluster_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// A disk that is read-only refuses what would change it, and a sync of what was written
// before; what it holds can be read. Once it is healed, a sync writes what memory has kept.
func TestReadOnlyDisk(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("f", "kept")
		require.NoError(t, r.sync())
		r.write("f", "+later")
		f, d := r.open("f"), r.host("n1").Disk()
		heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{ReadOnly: true})
		_, err := f.Write([]byte("y"))
		require.ErrorIs(t, err, syscall.EROFS)
		require.ErrorIs(t, err, cluster.ErrDisk)
		require.ErrorIs(t, f.Truncate(1), syscall.EROFS)
		require.ErrorIs(t, d.Rename("f", "g"), syscall.EROFS)
		require.ErrorIs(t, d.Remove("f"), syscall.EROFS)
		_, err = d.Open("new")
		require.ErrorIs(t, err, syscall.EROFS)
		require.ErrorIs(t, r.tree().Mkdir("dir"), syscall.EROFS)
		_, err = r.tree().Create("new")
		require.ErrorIs(t, err, syscall.EROFS)
		require.ErrorIs(t, f.Sync(), syscall.EROFS)
		require.ErrorIs(t, r.host("n1").Sync(), syscall.EROFS)
		assert.Equal(t, "kept+later", r.content("f"), "memory still has it")
		assert.Equal(t, 9, r.effect("it", "disk changes refused"))
		heal()
		require.NoError(t, f.Sync())
		r.reboot()
		assert.Equal(t, "kept+later", r.content("f"))

		heal = r.As("it").ImpairDisk("n1", cluster.DiskImpairment{ReadOnly: true})
		require.NoError(t, r.open("f").Sync(), "there is nothing to write")
		heal()
		assert.Equal(t, 9, r.effect("it", "disk changes refused"))
	})
}
