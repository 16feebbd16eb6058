// Package raftkv is a system: it must not know that it is tested.
package raftkv

import (
	_ "example.test/imports/checker"
	_ "example.test/imports/cluster"
	_ "github.com/hashicorp/memberlist"
	_ "go.etcd.io/raft/v3"
	_ "go.etcd.io/raft/v3/raftpb"
)
