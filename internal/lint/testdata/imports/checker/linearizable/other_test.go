package linearizable_test

import (
	_ "github.com/anishathalye/porcupine"
)
