package cluster

import "context"

// A Trigger is something that happens in a cluster and that a fault may wait for.
type Trigger string

const (
	// UnsyncedWrite is a write to a disk: until the next sync a crash loses it.
	UnsyncedWrite Trigger = "unsynced-write"
	// LeaderChange is when a node succeeds another as leader or primary.
	LeaderChange Trigger = "leader-change"
	// RoleChange is when any node sets a new role; see [Host.SetRole].
	RoleChange Trigger = "role-change"
	// SyncBegins is when a host has begun a sync of its disk, or of a file.
	SyncBegins Trigger = "sync"
	// Boot is when a host boots.
	Boot Trigger = "boot"
)

// Triggers lists what a fault may wait for.
func Triggers() []Trigger {
	return []Trigger{UnsyncedWrite, LeaderChange, RoleChange, SyncBegins, Boot}
}

// Await waits for the next time that o happens, or until ctx is done; then it returns the error of ctx.
func (c *Cluster) Await(ctx context.Context, o Trigger) error {
	happened := make(chan struct{})
	c.lock()
	if c.awaited == nil {
		c.awaited = map[Trigger][]chan struct{}{}
	}
	c.awaited[o] = append(c.awaited[o], happened)
	c.unlock()
	select {
	case <-happened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// trigger wakes those that wait for o, at the simulation's next instant. It is called with the cluster locked.
func (w *simulation) trigger(o Trigger) {
	if len(w.awaited) == 0 {
		return
	}
	waiting := w.awaited[o]
	delete(w.awaited, o)
	for _, happened := range waiting {
		w.loop.pushLocked(w.loop.now()+1, &event{kind: kindFunc, fn: func() {
			w.loop.wakes()
			close(happened)
		}})
	}
}
