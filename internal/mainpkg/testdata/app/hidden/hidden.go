// Package hidden returns what others can't name.
package hidden

type thing struct{ N int }

// New returns a thing.
func New() *thing { return &thing{7} }
