package model

import (
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/words"
)

// A CacheOp is an input of a system with caches of any kind in front of a database. F is
//
//   - read: the key is read through the caches. The answer is a [Copy].
//   - write: the database gives the key its next version, and copies are dropped or replaced. The answer is a Copy of
//     that version. It acknowledges the write.
//   - peek: one cache, named by At, is inspected, and nothing is loaded. The answer is a Copy.
//   - loads: when the database was read (origin fetches). The answer is a Copy with LoadedAt.
type CacheOp struct {
	F   string `json:"f"`
	Key string `json:"key"`
	As  string `json:"as,omitempty"` // the principal that asks, where answers are private
	At  string `json:"at,omitempty"` // of a peek: the cache that is inspected
}

// String says what is asked, without the key.
func (o CacheOp) String() string {
	return o.F + words.Of(o.At, "at") + words.Of(o.As, "as")
}

// A Copy is the output of a [CacheOp]: what some cache, or the database itself, has of a key.
type Copy struct {
	// Version is what was read or written. The database numbers the versions of each key: 1, 2, …; 0 says that it had
	// no such key.
	Version int `json:"version"`

	Missing   bool            `json:"missing,omitempty"`   // of a peek: there is no copy
	From      string          `json:"from,omitempty"`      // the cache or database that answered; empty if it is not known
	Coalesced bool            `json:"joined,omitempty"`    // it is from a load that was in progress when the read began
	Loads     int             `json:"loads,omitempty"`     // how often the read went to the database
	Made      time.Duration   `json:"made,omitempty"`      // when the database gave it out
	MaxAge    time.Duration   `json:"max_age,omitempty"`   // the longest age at which the copy may be served; 0 if it is not known
	For       string          `json:"for,omitempty"`       // the principal whose it is; empty if it is everybody's
	LoadedAt  []time.Duration `json:"loaded_at,omitempty"` // when the database was read
}

// String says what was answered.
func (c Copy) String() string {
	var b strings.Builder
	switch {
	case c.Missing:
		b.WriteString("nothing")
	case c.LoadedAt != nil:
		b.WriteString(words.Plural(len(c.LoadedAt), "load"))
	default:
		fmt.Fprintf(&b, "v%d", c.Version)
	}
	if c.For != "" {
		fmt.Fprintf(&b, " for %s", c.For)
	}
	if c.From != "" {
		fmt.Fprintf(&b, " from %s", c.From)
	}
	return b.String()
}
