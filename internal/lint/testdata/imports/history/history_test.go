package history

import (
	"testing"

	_ "example.test/imports/cluster"
	_ "example.test/imports/cmd/tool"
	_ "github.com/stretchr/testify/require"
	_ "go.etcd.io/raft/v3"
)

func TestNothing(*testing.T) {}
