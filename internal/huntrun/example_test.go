package huntrun_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/huntrun"
)

// What a worker writes for a run is two lines.
func ExampleRead() {
	pipe := `{"begin":17}
{"run":{"seed":17,"verdict":"invalid","signature":{"checker":"linearizable","anomaly":"a newer value had replaced it","shape":"read ok"},"cpu_ns":1,"virtual_ns":2}}
`
	err := huntrun.Read(strings.NewReader(pipe), func(l huntrun.Line) {
		if l.Run != nil {
			fmt.Println(l.Run.Seed, l.Run.Verdict, l.Run.Signature)
		}
	})
	fmt.Println(err)
	// Output:
	// 17 invalid linearizable: a newer value had replaced it (read ok)
	// <nil>
}
