package marks_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/marks"
)

func ExampleMarks() {
	var m marks.Marks
	m.Add("snapshot", 2, true)
	m.Add("log truncated", 0, true)
	fmt.Println(m.All())
	fmt.Println(m.Break("snapshot"), m.Break("snapshot"))
	// Output:
	// map[log truncated:0 snapshot:2] [log truncated]
	// true false
}
