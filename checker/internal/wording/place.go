package wording

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
)

// Place names an op in a message.
func Place(o history.Op) string {
	at := ""
	if o.Node != "" {
		at = " at " + o.Node
	}
	return fmt.Sprintf("process %d%s (op %d)", o.Process, at, o.Index)
}
