package checker_test

import (
	_ "github.com/anishathalye/porcupine"
)
