package turn_test

import (
	"testing"

	"github.com/capsize-go/capsize/internal/turn"
)

func ExampleTake() {
	_ = func(t *testing.T) {
		end, err := turn.Take(t.Context(), t)
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		// a run
	}
}
