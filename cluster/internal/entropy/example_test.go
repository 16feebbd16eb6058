package entropy_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster/internal/entropy"
)

// In virtual time, crypto/rand yields the same bytes in every run of a seed.
func Example() {
	var seen [2][8]byte
	for i := range seen {
		synctest.Test(new(testing.T), func(*testing.T) {
			s := entropy.New(1, func() time.Duration { return 0 })
			fmt.Println(s.Claim())
			defer s.Release()
			_, _ = rand.Read(seen[i][:])
		})
	}
	fmt.Println(seen[0] == seen[1])
	// Output:
	// true
	// true
	// true
}
