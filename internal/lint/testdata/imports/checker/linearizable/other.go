package linearizable

import (
	_ "example.test/imports/cluster"
	_ "github.com/anishathalye/porcupine"
	_ "github.com/stretchr/testify/require"
)
