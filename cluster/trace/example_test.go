package trace_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// An appendEntries is a message of a system that says what it is.
type appendEntries struct {
	term       uint64
	key, value string
}

func (m appendEntries) Describe() trace.Description {
	return trace.Description{Name: "append", Term: m.term, Text: fmt.Sprintf("append %s=%s", m.key, m.value),
		Carries: []trace.Item{{Key: m.key, Value: m.value}}}
}

func ExampleDescriber() {
	var m any = appendEntries{term: 5, key: "k3", value: "2791"}
	if d, ok := m.(trace.Describer); ok {
		fmt.Println(d.Describe().Name, d.Describe().Term, d.Describe().Carries)
	}
	// Output: append 5 [{k3 2791}]
}
