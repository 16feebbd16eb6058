// Package checker may import porcupine, in this file.
package checker

import (
	_ "example.test/imports/history"
	_ "github.com/anishathalye/porcupine"
)
