#!/usr/bin/env bash
# github.com/hashicorp/memberlist v0.7.0
#
# What one would guess: a broadcast in a TransmitLimitedQueue is sent RetransmitMult * log10(N) times, or
# until another one about the same thing replaces it, and Finished is called in both cases.
# What happens: the queue counts its broadcasts, and counts from 1 again whenever it is empty. It is empty
# for a moment while GetBroadcasts holds its only broadcast to put it back. So the next one gets the number
# of one that is still there. When both have been sent equally often and are equally long, they are the
# same to the queue's tree: one takes the place of the other, is never sent again, and its Finished is
# never called. In a cluster this is an UpdateNode that waits for its whole timeout though it is not lost
# to the network, since news of nodes are often equally long. Pull request 263 of the project tells of the
# same collision by another way, and is open since July 2022.
#
# Output seen, go1.26.8:
#   queued 2
#   queued 1 after one of them was sent once
#   a was sent 1 time, b 6 times; finished: a false, b true
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/hashicorp/memberlist v0.7.0
GO
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/memberlist"
)

// A news is a broadcast about one thing.
type news struct {
	name     string
	finished bool
}

func (n *news) Invalidates(memberlist.Broadcast) bool { return false }
func (n *news) Name() string                          { return n.name }
func (n *news) Message() []byte                       { return []byte(n.name) }
func (n *news) Finished()                             { n.finished = true }

func main() {
	q := &memberlist.TransmitLimitedQueue{NumNodes: func() int { return 99 }, RetransmitMult: 3}
	sent := map[string]int{}
	send := func() bool { // a packet has room for one of them
		all := q.GetBroadcasts(0, 1)
		for _, m := range all {
			sent[string(m)]++
		}
		return len(all) > 0
	}
	a, b := &news{name: "a"}, &news{name: "b"}
	q.QueueBroadcast(a)
	send()
	q.QueueBroadcast(b)
	fmt.Printf("queued %d\n", q.NumQueued())
	send()
	left := q.NumQueued()
	fmt.Printf("queued %d after one of them was sent once\n", left)
	for send() {
	}
	fmt.Printf("a was sent %d time, b %d times; finished: a %v, b %v\n", sent["a"], sent["b"], a.finished, b.finished)
	if left != 1 || a.finished || !b.finished {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
