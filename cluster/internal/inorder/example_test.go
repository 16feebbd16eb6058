package inorder_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/cluster/internal/inorder"
)

func ExampleSet() {
	var s inorder.Set[string]
	s.Add("b")
	s.Add("a")
	s.Add("c")
	s.Remove("a")
	fmt.Println(s.All())
	// Output: [b c]
}

// TestMany removes so many that the list is made anew.
func TestMany(t *testing.T) {
	var s inorder.Set[int]
	var want []int
	for i := 1; i <= 1000; i++ {
		s.Add(i)
		if i%100 == 0 {
			want = append(want, i)
		}
	}
	for i := 1; i <= 1000; i++ {
		if i%100 != 0 {
			s.Remove(i)
			s.Remove(i)
		}
	}
	assert.Equal(t, want, s.All())
}
