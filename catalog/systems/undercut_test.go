package systems

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDiskWarning(t *testing.T) {
	assert.Contains(t, DiskWarning("blackouts,write-cache"), "write-cache has fsyncs lie, and blackouts crashes nodes")
	assert.Contains(t, DiskWarning("lying-disk, crash"), "lying-disk has fsyncs lie, and crash crashes nodes")
	for _, harmless := range []string{"write-cache", "crash,partition", "write-cache,partition", "none", ""} {
		assert.Empty(t, DiskWarning(harmless), harmless)
	}
	for _, name := range crashing {
		if name != "all" { // which is a name of swarm with all kinds
			assert.True(t, slices.Contains(Names(NemesisRows()), name), name)
		}
	}
}
