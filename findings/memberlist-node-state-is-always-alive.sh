#!/usr/bin/env bash
# github.com/hashicorp/memberlist v0.7.0
#
# What one would guess: Node has a field State, "State of the node", with StateAlive,
# StateSuspect, StateDead and StateLeft. So EventDelegate.NotifyLeave can tell a node
# that left from one that died by it.
# What happens: State is StateAlive for both. The field is never set: memberlist
# keeps the state in a field of the same name of the unexported struct that embeds
# Node. NotifyLeave can't tell a departure from a death.
#
# Three nodes on loopback, memberlist's own transport and its defaults for a local
# machine; one leaves, one is shut down without leaving. Output seen, go1.26.8:
#   n2 left: State 0
#   n3 died: State 0
#   StateAlive 0, StateDead 2, StateLeft 3
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
	"io"
	"log"
	"os"
	"time"

	"github.com/hashicorp/memberlist"
)

type events struct{ left chan memberlist.Node }

func (events) NotifyJoin(*memberlist.Node)     {}
func (events) NotifyUpdate(*memberlist.Node)   {}
func (e events) NotifyLeave(n *memberlist.Node) { e.left <- *n }

func start(name string, e memberlist.EventDelegate) *memberlist.Memberlist {
	c := memberlist.DefaultLocalConfig()
	c.Name, c.BindAddr, c.BindPort, c.AdvertisePort, c.Events = name, "127.0.0.1", 0, 0, e
	c.Logger = log.New(io.Discard, "", 0)
	m, err := memberlist.Create(c)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

func main() {
	e := events{make(chan memberlist.Node, 10)}
	n1, n2, n3 := start("n1", e), start("n2", nil), start("n3", nil)
	for _, m := range []*memberlist.Memberlist{n2, n3} {
		if _, err := m.Join([]string{n1.LocalNode().Address()}); err != nil {
			log.Fatal(err)
		}
	}
	if err := n2.Leave(5 * time.Second); err != nil {
		log.Fatal(err)
	}
	left := <-e.left
	_ = n2.Shutdown()
	_ = n3.Shutdown() // without leaving: to the others it died
	died := <-e.left
	fmt.Printf("%s left: State %d\n%s died: State %d\n", left.Name, left.State, died.Name, died.State)
	fmt.Printf("StateAlive %d, StateDead %d, StateLeft %d\n", memberlist.StateAlive, memberlist.StateDead, memberlist.StateLeft)
	if left.State != memberlist.StateAlive || died.State != memberlist.StateAlive {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
