// Package ddmin makes failing inputs small by delta debugging (Zeller and Hildebrandt, Simplifying and Isolating
// Failure-Inducing Input, TSE 2002).
package ddmin

import "slices"

// Options say how far a reduction goes.
type Options struct {
	Once bool        // whether single items are tried once each, in place of again and again until none can go
	Stop func() bool // ends the reduction early; nil for never
}

// Minimise removes items as long as the rest fails: first half of them at once, then quarters, and in the end one by one.
// Items are tried in their order, so the caller sorts those first that should go first.
//
// The function fails reports whether items still fail. It may return fewer than it was given, if others have lost their sense
// without what was removed: then the reduction goes on with these. What Minimise is given must fail.
func Minimise[T any](items []T, fails func(rest []T) (fewer []T, ok bool), opts Options) []T {
	for size := (len(items) + 1) / 2; size >= 1; {
		removed := false
		for i := 0; i < len(items) && (opts.Stop == nil || !opts.Stop()); {
			rest := slices.Concat(items[:i], items[min(i+size, len(items)):])
			if fewer, ok := fails(rest); ok && len(fewer) < len(items) {
				items, removed = fewer, true
			} else {
				i += size
			}
		}
		if size > 1 || opts.Once || !removed {
			size /= 2
		}
	}
	return items
}
