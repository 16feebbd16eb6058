package progress

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTenths writes a line each tenth of the way where there is no terminal.
func TestTenths(t *testing.T) {
	var b bytes.Buffer
	p := New(&b, 20)
	for range 20 {
		p.Step("well")
	}
	p.End()
	assert.Equal(t, 10, bytes.Count(b.Bytes(), []byte("\n")))
	assert.Contains(t, b.String(), "2 of 20 runs: well\n")
	assert.Equal(t, 20, p.Done())
}

// TestLine has the rest take as long as the runs so far.
func TestLine(t *testing.T) {
	p := &Progress{done: 10, total: 30}
	assert.Equal(t, "[██████████                    ] 10 of 30, 8s left: well", p.line("well", 4*time.Second))
	p.Expect(5)
	assert.Equal(t, "[██████████████████████████████] 10 of 10, 0s left: well", p.line("well", 4*time.Second), "there are no fewer than there were")
}
