package cachekv

import (
	"errors"
	"fmt"
	"slices"
)

// check returns an error for what can't be, or would not do what it says.
func (s Store) check() error {
	g := s.Strategy
	return errors.Join(
		oneOf("write", g.Write, DeleteAfter, SetAfter, DeleteBefore, LeaveIt),
		oneOf("guard", g.Guard, Unguarded, Leased, Versioned),
		oneOf("pipeline", s.Pipeline, Silence, FireAndForget, AtLeastOnce, ChangeCapture),
		unless(g.Write != SetAfter || g.Guard != Leased, "a write has no lease to set a copy with: guard set-after by versions"),
		unless(!g.Marker || s.Pipeline == ChangeCapture, "a marker is never taken away without the pipeline change-capture"),
		unless(0 <= g.Lose && g.Lose <= 1, "a chance of %v to lose a delete is none", g.Lose),
		unless(0 <= g.Herd.Jitter && g.Herd.Jitter < 1, "lives can't differ by %v of themselves", g.Herd.Jitter),
		unless(s.TTL > 0 && s.Lag >= 0 && s.Slow >= 0 && g.Again >= 0 && g.Herd.Early >= 0 && g.Herd.Stale >= 0, "a time is negative"),
	)
}

// check returns an error for what Redis does not do here.
func (s Redis) check() error {
	g := s.Of.Strategy
	return errors.Join(s.Of.filled().check(),
		unless(s.Of.Pipeline == Silence && !g.Marker, "a Redis has no pipeline and no markers"),
		unless(g.Herd.Early == 0 && g.Herd.Stale == 0, "a Redis does not tell when a copy expires, or give what has"),
	)
}

func oneOf[T ~string](what string, got T, known ...T) error {
	return unless(slices.Contains(known, got), "there is no %s %q; there are %q", what, got, known)
}

func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
