// Package cluster must not need package testing, by whatever way.
package cluster

import (
	_ "testing/synctest"

	_ "example.test/imports/internal/simnet"
)
