package cluster

import (
	"crypto/rand"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEntropyOutside draws from crypto/rand outside of the bubble while a cluster runs,
// as a parallel test may: that neither gets the run's draws nor takes any from it.
func TestEntropyOutside(t *testing.T) {
	draw := func() string {
		b := make([]byte, 16)
		_, err := rand.Read(b)
		require.NoError(t, err)
		return string(b)
	}
	ask, answer := make(chan bool), make(chan string)
	go func() {
		for range ask {
			answer <- draw()
		}
	}()
	defer close(ask)
	inside := func(disturb bool) (draws []string, outside string) {
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Config{Nodes: 1, Seed: 1, Wait: synctest.Wait})
			require.NoError(t, err)
			require.NoError(t, c.Start())
			defer c.Stop(0)
			draws = append(draws, draw())
			if disturb {
				ask <- true
				outside = <-answer
			}
			draws = append(draws, draw())
		})
		return draws, outside
	}
	quiet, _ := inside(false)
	disturbed, outside := inside(true)
	assert.Equal(t, quiet, disturbed, "the run is the same")
	assert.NotContains(t, quiet, outside)
	_, again := inside(true)
	assert.NotEqual(t, outside, again, "it is no draw of the seed")
}
