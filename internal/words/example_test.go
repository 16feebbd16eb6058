package words_test

import (
	"fmt"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

func Example() {
	fmt.Println(words.Plural(2, "call"), words.AreOf(1, 5, "key"), words.Duration(1234567*time.Nanosecond))
	// Output: 2 calls 1 of 5 keys is 1.23ms
}
