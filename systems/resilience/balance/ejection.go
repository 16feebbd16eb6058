package balance

import "time"

// An Ejection takes a backend out of the rotation that answers users with errors, or not at all: Envoy's outlier detection by
// consecutive errors.
type Ejection struct {
	After int           // consecutive errors; 0: nothing is ejected
	For   time.Duration // times the number of ejections so far; default 30s
	Most  float64       // share of the backends that may be out at a time; default 0.5
}

const (
	defaultEjection     = 30 * time.Second
	defaultMostEjection = 0.5
)

func (e Ejection) most() float64 {
	if e.Most == 0 {
		return defaultMostEjection
	}
	return e.Most
}

func (e Ejection) length() time.Duration {
	if e.For == 0 {
		return defaultEjection
	}
	return e.For
}

// An ejection is that of one backend.
type ejection struct {
	failed int // consecutive errors
	times  int
	until  time.Duration
}

// at reports whether the backend is ejected at an instant.
func (e *ejection) at(now time.Duration) bool { return now < e.until }

// answered notes an answer, and reports whether the backend is to be ejected.
func (e *ejection) answered(rule Ejection, ok bool, now time.Duration) bool {
	if ok {
		e.failed = 0
		return false
	}
	e.failed++
	return e.failed >= rule.After && !e.at(now)
}

// eject ejects the backend, and returns until when.
func (e *ejection) eject(rule Ejection, now time.Duration) time.Duration {
	e.failed = 0
	e.times++
	e.until = now + time.Duration(e.times)*rule.length()
	return e.until
}
