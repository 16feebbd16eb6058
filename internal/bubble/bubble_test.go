package bubble_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/bubble"
)

func TestInside(t *testing.T) {
	assert.False(t, bubble.Inside())
	synctest.Test(t, func(t *testing.T) {
		assert.True(t, bubble.Inside())
		inside := make(chan bool)
		go func() { inside <- bubble.Inside() }()
		assert.True(t, <-inside, "a goroutine that it starts")
	})
	assert.False(t, bubble.Inside())
}

// A test or a program is in no bubble unless it makes one.
func ExampleInside() {
	fmt.Println(bubble.Inside())
	// Output: false
}
