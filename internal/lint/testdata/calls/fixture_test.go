package fixture

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestDraws(t *testing.T) {
	seeded := rand.New(rand.NewPCG(1, 2))
	if seeded.IntN(6) == rand.IntN(6) {
		time.Sleep(1)
	}
}
