package members_test

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/systems/internal/members"
)

// fixed is a membership in which the same nodes are dead all the time.
type fixed []string

func (fixed) Join() error             { return nil }
func (f fixed) Dead(node string) bool { return slices.Contains(f, node) }
func (fixed) Shutdown() error         { return nil }

// Example makes a membership for a test.
func Example() {
	var m members.Membership = fixed{"n2"}
	fmt.Println(m.Join(), m.Dead("n1"), m.Dead("n2"))
	// Output: <nil> false true
}
