// Package fixture is the root: it may import all of ours, but no command.
package fixture

import (
	"testing"

	_ "example.test/imports/checker"
	_ "example.test/imports/cmd/tool"
	_ "github.com/fatih/color"
)

var _ testing.TB
