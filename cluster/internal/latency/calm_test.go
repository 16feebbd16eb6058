package latency_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster/internal/latency"
	"github.com/capsize-go/capsize/internal/keyed"
)

func TestCalm(t *testing.T) {
	link := keyed.New(1).With("link")
	c := latency.Calm{Until: 3 * time.Second, From: 5 * time.Second}
	noisy := func(c latency.Calm, at time.Duration) bool {
		return c.Of(link, at) == latency.Of(link, at) && c.Of(link, at) != time.Millisecond
	}
	assert.False(t, noisy(c, 2*time.Second))
	assert.True(t, noisy(c, 3*time.Second))
	assert.False(t, noisy(c, 5*time.Second))
	assert.True(t, noisy(latency.Calm{}, time.Hour))
	assert.False(t, noisy(latency.Always, time.Hour))
}

func TestCalmText(t *testing.T) {
	for _, c := range []latency.Calm{{}, latency.Always, {Until: 3 * time.Second}, {From: 5 * time.Second}, {Until: time.Second, From: 5 * time.Second}} {
		text, err := c.MarshalText()
		require.NoError(t, err)
		var got latency.Calm
		require.NoError(t, got.UnmarshalText(text))
		assert.Equal(t, c, got, string(text))
	}
	for _, text := range []string{"sometimes", "until", "until -3s", "until 3s, until 4s", "after 3s", "from 3s,", "always, from 3s"} {
		assert.Error(t, new(latency.Calm).UnmarshalText([]byte(text)), text)
	}
}
