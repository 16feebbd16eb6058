package cachekv

import (
	"errors"
	"fmt"
	"slices"
)

// check returns an error for parameters that are impossible or would have no effect.
func (s Store) check() error {
	g := s.Strategy
	return errors.Join(
		oneOf("write", g.Write, DeleteAfter, SetAfter, DeleteBefore, LetExpire),
		oneOf("guard", g.Guard, Unguarded, Leased, Versioned),
		oneOf("pipeline", s.Pipeline, NoPipeline, FireAndForget, AtLeastOnce, ChangeCapture),
		errorUnless(g.Write != SetAfter || g.Guard != Leased, "a write has no lease to set a copy with: guard set-after by versions"),
		errorUnless(!g.Marker || s.Pipeline == ChangeCapture, "a marker is never taken away without the pipeline change-capture"),
		errorUnless(0 <= g.Lose && g.Lose <= 1, "a chance of %v to lose a delete is none", g.Lose),
		errorUnless(0 <= g.Stampede.Jitter && g.Stampede.Jitter < 1, "lives can't differ by %v of themselves", g.Stampede.Jitter),
		errorUnless(s.TTL > 0 && s.Lag >= 0 && s.Slow >= 0 && g.Again >= 0 && g.Stampede.Early >= 0 && g.Stampede.Stale >= 0, "a time is negative"),
	)
}

// check returns an error for parameters that Redis does not support here.
func (s Redis) check() error {
	g := s.Of.Strategy
	return errors.Join(s.Of.withDefaults().check(),
		errorUnless(s.Of.Pipeline == NoPipeline && !g.Marker, "a Redis has no pipeline and no markers"),
		errorUnless(g.Stampede.Early == 0 && g.Stampede.Stale == 0, "a Redis does not tell when a copy expires, or give what has"),
	)
}

func oneOf[T ~string](what string, got T, known ...T) error {
	return errorUnless(slices.Contains(known, got), "there is no %s %q; there are %q", what, got, known)
}

func errorUnless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
