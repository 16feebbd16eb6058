package lease

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/trace"
)

// Describe says what a client asks the lock for.
func (acquire) Describe() trace.Description {
	return trace.Description{Name: "acquire", Text: "acquire the lock"}
}

// Describe says what a client gives back.
func (r release) Describe() trace.Description {
	return trace.Description{Name: "release", Text: fmt.Sprintf("release the lock of token %d", r.token), Term: uint64(r.token)}
}

// Describe says what a client asks the store for.
func (read) Describe() trace.Description { return trace.Description{Name: "read", Text: "read"} }

// Describe says what a client wants to store.
func (w write) Describe() trace.Description {
	return trace.Description{Name: "write", Text: fmt.Sprintf("write %d in the place of %d, with token %d", w.value, w.read, w.token), Term: uint64(w.token)}
}

// Describe says why something is not done.
func (r refusal) Describe() trace.Description {
	return trace.Description{Name: "refused", Text: string(r)}
}
