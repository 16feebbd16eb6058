// Package history is a leaf.
package history

import (
	"fmt"

	_ "example.test/imports/internal/keyed"
)

var _ = fmt.Sprint
