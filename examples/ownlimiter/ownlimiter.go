// Package ownlimiter is a rate limiter of one's own, of the kind that is written in an hour: a count, a mutex, a window. Its test
// shows what it admits in the second that the hour did not think of.
package ownlimiter

import (
	"sync"
	"time"
)

// A Limiter admits Units in each time Per. It is safe for concurrent use.
type Limiter struct {
	Units int
	Per   time.Duration

	// Sliding has it remember when each unit was admitted, in place of counting the units of a window.
	Sliding bool

	mu       sync.Mutex
	began    time.Time // of the window
	n        int       // units of the window
	admitted []time.Time
}

// Allow reports whether a unit may pass now.
func (l *Limiter) Allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.Sliding {
		return l.slide(now)
	}
	if now.Sub(l.began) >= l.Per {
		l.began, l.n = now.Truncate(l.Per), 0
	}
	l.n++
	return l.n <= l.Units // here is the bug: the end of this window and the beginning of the next are less than Per apart
}

func (l *Limiter) slide(now time.Time) bool {
	for len(l.admitted) > 0 && now.Sub(l.admitted[0]) >= l.Per {
		l.admitted = l.admitted[1:]
	}
	if len(l.admitted) == l.Units {
		return false
	}
	l.admitted = append(l.admitted, now)
	return true
}
