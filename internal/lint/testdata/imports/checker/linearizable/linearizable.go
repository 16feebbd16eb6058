// Package checker may import porcupine, in this file.
package linearizable

import (
	_ "example.test/imports/history"
	_ "github.com/anishathalye/porcupine"
)
