package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
)

func TestMeter(t *testing.T) {
	var b bytes.Buffer
	assert.Nil(t, newMeter(&b), "it is no terminal")
	var none *meter
	none.show(capsize.Status{})
	none.end()

	m := &meter{w: &b, stop: make(chan struct{}), done: make(chan struct{})}
	close(m.done)
	m.show(capsize.Status{Phase: "faults", Virtual: 34234 * time.Millisecond, Expected: 65 * time.Second, Calls: 12345, Faults: 2})
	m.write(1900 * time.Millisecond)
	assert.Empty(t, b.String(), "it is silent at first")
	m.write(2100 * time.Millisecond)
	assert.Equal(t, "\r\x1b[K34.2s of about 1m5s · 12,345 calls · 2 faults active · faults · 2s", b.String())
	b.Reset()
	m.end()
	assert.Equal(t, "\r\x1b[K", b.String())
	assert.Equal(t, "1m5s of about 1m5s · 7 calls · checking register · 9s",
		meterLine(capsize.Status{Phase: "checking register", Virtual: 65 * time.Second, Expected: 65 * time.Second, Calls: 7}, 9*time.Second))
	assert.Equal(t, "starting, 3s", meterLine(capsize.Status{}, 3*time.Second))
}

// TestMeterGivesASignOfLife writes after two seconds, at each tick, on one line that fits, and clears it in the end.
func TestMeterGivesASignOfLife(t *testing.T) {
	var out bytes.Buffer
	began, ticks, ended := time.Unix(0, 0), make(chan time.Time), false
	m := startMeter(&out, 40, began, ticks, func() { ended = true })
	m.show(capsize.Status{Phase: "faults", Virtual: 3 * time.Second, Expected: time.Minute, Calls: 123456, Faults: 2})
	for _, s := range []float64{0.5, 1.9, 2.1, 4.2} {
		ticks <- began.Add(time.Duration(s * float64(time.Second)))
	}
	m.end()
	assert.True(t, ended)
	lines := strings.Split(out.String(), "\r\x1b[K")
	require.Len(t, lines, 4, "nothing, two lines, and the line that clears the last: %q", out.String())
	assert.Equal(t, "3s of about 1m0s · 123,456 calls · 2 fa", lines[2])
	assert.Empty(t, lines[3])
}

// TestMeterIsSilent where there is no terminal, and for what is quick.
func TestMeterIsSilent(t *testing.T) {
	var out bytes.Buffer
	m := newMeter(&out)
	m.show(capsize.Status{})
	m.end()
	ticks := make(chan time.Time)
	m = startMeter(&out, 0, time.Unix(0, 0), ticks, func() {})
	ticks <- time.Unix(1, 0)
	m.end()
	assert.Empty(t, out.String())
}
