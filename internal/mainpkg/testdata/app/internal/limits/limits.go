// Package limits is one that only this module may import.
package limits

import _ "embed"

//go:embed max.txt
var Max string

// Seen counts.
var Seen struct {
	Times int
	last  func() string
}
