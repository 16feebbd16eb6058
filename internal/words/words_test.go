package words_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/words"
)

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000"} {
		assert.Equal(t, want, words.Count(n))
	}
	assert.Equal(t, []string{"0 calls", "1 call", "2,000 calls"}, []string{words.Plural(0, "call"), words.Plural(1, "call"), words.Plural(2000, "call")})
}

func TestAreOf(t *testing.T) {
	for want, n := range map[string][2]int{
		"the only key is": {1, 1}, "all 5 keys are": {5, 5}, "1 of 5 keys is": {1, 5}, "2 of 5 keys are": {2, 5},
		"0 of 1 key is": {0, 1}, "0 of 0 keys are": {0, 0}, "2,663 of 2,720 keys are": {2663, 2720},
	} {
		assert.Equal(t, want, words.AreOf(n[0], n[1], "key"))
	}
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"one two", "three", "abcdefghijkl", "mn four"}, words.Wrap("one two three abcdefghijklmn four", 12))
	assert.Equal(t, []string{"ä", "b"}, words.Wrap("äb", 0))
	assert.Empty(t, words.Wrap("  ", 12))
}
