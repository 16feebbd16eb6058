package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
	assert.Equal(t, "\r\x1b[K34.2s of about 1m5s · 12345 calls · 2 faults active · faults · 2s", b.String())
	b.Reset()
	m.end()
	assert.Equal(t, "\r\x1b[K", b.String())
	assert.Equal(t, "1m5s of about 1m5s · 7 calls · checking register · 9s",
		meterLine(capsize.Status{Phase: "checking register", Virtual: 65 * time.Second, Expected: 65 * time.Second, Calls: 7}, 9*time.Second))
	assert.Equal(t, "starting, 3s", meterLine(capsize.Status{}, 3*time.Second))
}
