package lex

// Null is an input or an output that is there and is nothing. It differs from a
// nil one, which is not there. The generic readers return it for what a file
// spells null.
type Null struct{}

// MarshalJSON returns null.
func (Null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// String returns "null".
func (Null) String() string { return "null" }
