package freshness

import (
	"fmt"

	"github.com/capsize-go/capsize/checker/internal/wording"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// A copyCall is a call of a [model.CacheOp].
type copyCall struct {
	history.Call
	in  model.CacheOp
	out model.Copy // if it was answered
}

func (c *copyCall) answered() bool { return c.Complete.Type == history.OK }

// eachCopy calls f for the calls of a history of CacheOps, in the order of their invocations. f must not keep its
// argument, which is used again: a million of them would take half a gigabyte.
func eachCopy(h *history.History, f func(c *copyCall)) error {
	var c copyCall
	for call := range h.Calls() {
		c = copyCall{Call: call}
		var ok bool
		if c.in, ok = call.Invoke.Input.(model.CacheOp); !ok {
			return fmt.Errorf("%s asked for a %T where a CacheOp was due", wording.Place(call.Invoke), call.Invoke.Input)
		}
		if c.answered() {
			if c.out, ok = call.Complete.Output.(model.Copy); !ok {
				return fmt.Errorf("%s was answered a %T where a Copy was due", wording.Place(call.Complete), call.Complete.Output)
			}
		}
		f(&c)
	}
	return nil
}
