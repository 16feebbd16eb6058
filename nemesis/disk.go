package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// ErrSpared is wrapped by the error of a fault that would have damaged more disks
// than it may: at most a minority of the nodes, unless the fault is [Beyond] that.
var ErrSpared = errors.New("a majority of the disks must stay whole")

// FsyncLies returns a fault with which an fsync says that it did its work, and
// does nothing: a crash before the next true one loses what was promised.
func FsyncLies(victims ...Victim) Fault { return fsyncLies{aim: aim{victims}} }

// FsyncFails returns a fault with which one fsync fails, and the pages that it
// should have written count as written: trying again succeeds and writes nothing.
func FsyncFails(victims ...Victim) Fault { return fsyncFails{aim{victims}, 1} }

// DiskErrors returns a fault with which operations of a disk fail with EIO, each
// millisecond with chance p. Zero means 0.1.
func DiskErrors(p float64, victims ...Victim) Fault { return diskErrors{aim{victims}, p} }

// DiskFull returns a fault with which writes fail with ENOSPC.
func DiskFull(victims ...Victim) Fault { return diskFull{aim{victims}} }

// ReadOnlyDisk returns a fault with which a disk can be read and not be changed: writes,
// truncations, renames, removals and new files fail with EROFS, as after Linux has
// remounted a file system that met an error. A sync fails too if something was written
// before it; that stays in memory, and a sync after the heal writes it.
func ReadOnlyDisk(victims ...Victim) Fault { return readOnlyDisk{aim{victims}} }

// SlowDisk returns a fault that adds extra to the time of each fsync. Zero means
// 50 ms; a second or more is a disk that hangs.
func SlowDisk(extra time.Duration, victims ...Victim) Fault {
	return slowDisk{aim{victims}, span(extra)}
}

// DiskHangs returns a fault with which each fsync hangs for d. Zero means 3 s.
func DiskHangs(d time.Duration, victims ...Victim) Fault { return diskHangs{aim{victims}, span(d)} }

// BitRot returns a fault that flips bits of what is on a disk, and flips back
// those that were not overwritten when it heals. Zero means 8 bits.
func BitRot(bits int, victims ...Victim) Fault { return bitRot{aim: aim{victims}, Bits: bits} }

// Misdirects returns a fault with which writes land elsewhere in their file with
// chance p. The host sees it once it has crashed. Zero means 0.1.
func Misdirects(p float64, victims ...Victim) Fault { return misdirects{aim: aim{victims}, P: p} }

// Beyond returns the fault without the limit of a minority of damaged disks. It
// returns a fault that has no such limit as it is.
func Beyond(f Fault) Fault {
	switch f := f.(type) {
	case fsyncLies:
		f.Beyond = true
		return f
	case bitRot:
		f.Beyond = true
		return f
	case misdirects:
		f.Beyond = true
		return f
	}
	return f
}

func init() {
	register("fsync-lies", "an fsync does nothing and says that it did; at most on a minority of the nodes", as[fsyncLies]())
	register("fsync-fails", `an fsync fails once, and what it covered is dropped; "times": how often, 1 unless given`, as[fsyncFails]())
	register("disk-errors", `disk operations fail with EIO; "p": the chance, 0.1 unless given`, as[diskErrors]())
	register("disk-full", "writes fail with ENOSPC", as[diskFull]())
	register("read-only-disk", "what would change a disk fails with EROFS, as after a remount", as[readOnlyDisk]())
	register("slow-disk", `an fsync takes longer; "extra": by how much, "50ms" unless given`, as[slowDisk]())
	register("disk-hangs", `an fsync hangs; "extra": for how long, "3s" unless given`, as[diskHangs]())
	register("bit-rot", `bits on a disk flip by themselves; "bits": how many, 8 unless given; at most on a minority of the nodes`, as[bitRot]())
	register("misdirected-writes", `writes land elsewhere in their file; "p": the chance, 0.1 unless given; at most on a minority of the nodes`, as[misdirects]())
}

// limit is the part of a fault that says whether it may damage any number of disks.
type limit struct {
	Beyond bool `json:"beyond,omitempty"`
}

// strike is [strike] for those of the nodes drawn that may be damaged.
func (l limit) strike(c *cluster.Cluster, fault string, victims []Victim, r *rand.Rand, do func(node string) (func(), error)) (string, func(), error) {
	drawn, err := pick(c, victims, r)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", fault, err)
	}
	var hit []string
	var heals []func()
	err = ErrSpared
	for _, node := range drawn {
		if !c.ReserveDamage(node) && !l.Beyond {
			continue
		}
		heal, e := do(node)
		if e != nil {
			err = e
			continue
		}
		hit, heals = append(hit, node), append(heals, heal)
	}
	if len(hit) == 0 {
		return "", nil, fmt.Errorf("%s %s: %w", fault, names(drawn), err)
	}
	return fault + " " + names(hit), all(heals), nil
}

// impair returns what strike does to a node: an impairment of its disk.
func impair(c *cluster.Cluster, i cluster.DiskImpairment) func(node string) func() {
	return func(node string) func() { return c.ImpairDisk(node, i) }
}

type fsyncLies struct {
	aim
	limit
}

func (fsyncLies) kind() string     { return "fsync-lies" }
func (f fsyncLies) String() string { return f.describe("fsync lies") }

func (f fsyncLies) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.limit.strike(c, "fsync lies", f.one(), r, func(node string) (func(), error) {
		return c.ImpairDisk(node, cluster.DiskImpairment{Lie: true}), nil
	})
}

type fsyncFails struct {
	aim
	Times int `json:"times,omitempty"`
}

func (fsyncFails) kind() string     { return "fsync-fails" }
func (f fsyncFails) String() string { return f.describe("fsync fails") }

func (f fsyncFails) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "fsync fails", f.one(), r, impair(c, cluster.DiskImpairment{FailSyncs: max(1, f.Times)}))
}

type diskErrors struct {
	aim
	P float64 `json:"p,omitempty"`
}

func (diskErrors) kind() string     { return "disk-errors" }
func (f diskErrors) String() string { return f.describe("disk errors") }

func (f diskErrors) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "disk errors", f.one(), r, impair(c, cluster.DiskImpairment{Fail: chance(f.P, 0.1)}))
}

type diskFull struct{ aim }

func (diskFull) kind() string     { return "disk-full" }
func (f diskFull) String() string { return f.describe("disk full") }

func (f diskFull) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "disk full", f.one(), r, impair(c, cluster.DiskImpairment{Full: true}))
}

type readOnlyDisk struct{ aim }

func (readOnlyDisk) kind() string     { return "read-only-disk" }
func (f readOnlyDisk) String() string { return f.describe("read-only disk") }

func (f readOnlyDisk) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "read-only disk", f.one(), r, impair(c, cluster.DiskImpairment{ReadOnly: true}))
}

type slowDisk struct {
	aim
	Extra span `json:"extra,omitzero"`
}

func (slowDisk) kind() string     { return "slow-disk" }
func (f slowDisk) String() string { return f.describe(fmt.Sprintf("slow disk +%v", f.extra())) }

func (f slowDisk) extra() time.Duration { return f.Extra.or(50 * time.Millisecond) }

func (f slowDisk) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "slow disk", f.one(), r, impair(c, cluster.DiskImpairment{SlowSync: f.extra()}))
}

type diskHangs struct {
	aim
	Extra span `json:"extra,omitzero"`
}

func (diskHangs) kind() string     { return "disk-hangs" }
func (f diskHangs) String() string { return f.describe(fmt.Sprintf("disk hangs %v", f.extra())) }

func (f diskHangs) extra() time.Duration { return f.Extra.or(3 * time.Second) }

func (f diskHangs) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return strike(c, "disk hangs", f.one(), r, impair(c, cluster.DiskImpairment{SlowSync: f.extra()}))
}

type bitRot struct {
	aim
	limit
	Bits int `json:"bits,omitempty"`
}

func (bitRot) kind() string     { return "bit-rot" }
func (f bitRot) String() string { return f.describe("bit rot") }

func (f bitRot) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	bits := f.Bits
	if bits <= 0 {
		bits = 8
	}
	return f.limit.strike(c, "bit rot", f.one(), r, func(node string) (func(), error) {
		var heals []func()
		for range bits {
			_, heal, err := c.Rot(node, r.Int64N)
			if err != nil {
				return nil, err
			}
			heals = append(heals, heal)
		}
		return all(heals), nil
	})
}

type misdirects struct {
	aim
	limit
	P float64 `json:"p,omitempty"`
}

func (misdirects) kind() string     { return "misdirected-writes" }
func (f misdirects) String() string { return f.describe("misdirected writes") }

func (f misdirects) Inject(_ context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.limit.strike(c, "misdirected writes", f.one(), r, func(node string) (func(), error) {
		return c.ImpairDisk(node, cluster.DiskImpairment{Misdirect: chance(f.P, 0.1)}), nil
	})
}
