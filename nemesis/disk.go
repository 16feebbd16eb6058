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
// than a minority of the nodes, which only a [Beyond] fault may.
var ErrSpared = errors.New("a majority of the disks must stay whole")

// FsyncLies returns a fault that makes an fsync report success and
// do nothing: a crash before the next real one loses what was promised.
func FsyncLies(victims ...Victim) Fault { return fsyncLies{targets: targets{victims}} }

// FsyncFails returns a fault that makes one fsync fail, while the pages that it
// should have written count as written: a retry succeeds and writes nothing.
func FsyncFails(victims ...Victim) Fault { return fsyncFails{targets{victims}, 1} }

// DiskErrors returns a fault that makes operations of a disk fail with EIO, each
// millisecond with chance p. Zero means 0.1.
func DiskErrors(p float64, victims ...Victim) Fault { return diskErrors{targets{victims}, p} }

// DiskFull returns a fault that makes writes fail with ENOSPC.
func DiskFull(victims ...Victim) Fault { return diskFull{targets{victims}} }

// ReadOnlyDisk returns a fault that makes a disk read-only: writes,
// truncations, renames, removals and new files fail with EROFS, as after Linux has
// remounted a file system that met an error. A sync fails too if something was written
// before it; that stays in memory, and a sync after the heal writes it.
func ReadOnlyDisk(victims ...Victim) Fault { return readOnlyDisk{targets{victims}} }

// SlowDisk returns a fault that adds extra to the time of each fsync. Zero means
// 50 ms; a second or more is a disk that hangs.
func SlowDisk(extra time.Duration, victims ...Victim) Fault {
	return slowDisk{targets{victims}, jsonDuration(extra)}
}

// DiskHangs returns a fault that makes each fsync hang for d. Zero means 3 s.
func DiskHangs(d time.Duration, victims ...Victim) Fault {
	return diskHangs{targets{victims}, jsonDuration(d)}
}

// BitRot returns a fault that flips durable bits of a disk. When it heals it flips those
// back that were not overwritten. Zero means 8 bits.
func BitRot(bits int, victims ...Victim) Fault { return bitRot{targets: targets{victims}, Bits: bits} }

// Misdirects returns a fault that makes writes go to another place in their file with
// chance p. The host sees it once it has crashed. Zero means 0.1.
func Misdirects(p float64, victims ...Victim) Fault {
	return misdirects{targets: targets{victims}, P: p}
}

// Beyond returns the fault without the limit of a minority of damaged disks. A fault that has
// no such limit is returned as it is.
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
	register("fsync-lies", "an fsync does nothing and says that it did; at most on a minority of the nodes", decoderOf[fsyncLies]())
	register("fsync-fails", `an fsync fails once, and what it covered is dropped; "times": how often, 1 unless given`, decoderOf[fsyncFails]())
	register("disk-errors", `disk operations fail with EIO; "p": the chance, 0.1 unless given`, decoderOf[diskErrors]())
	register("disk-full", "writes fail with ENOSPC", decoderOf[diskFull]())
	register("read-only-disk", "what would change a disk fails with EROFS, as after a remount", decoderOf[readOnlyDisk]())
	register("slow-disk", `an fsync takes longer; "extra": by how much, "50ms" unless given`, decoderOf[slowDisk]())
	register("disk-hangs", `an fsync hangs; "extra": for how long, "3s" unless given`, decoderOf[diskHangs]())
	register("bit-rot", `bits on a disk flip by themselves; "bits": how many, 8 unless given; at most on a minority of the nodes`, decoderOf[bitRot]())
	register("misdirected-writes", `writes land elsewhere in their file; "p": the chance, 0.1 unless given; at most on a minority of the nodes`, decoderOf[misdirects]())
}

// damageLimit is the part of a fault that says whether it may damage any number of disks.
type damageLimit struct {
	Beyond bool `json:"beyond,omitempty"`
}

// inject is [injectInto] for those of the drawn nodes that may be damaged.
func (l damageLimit) inject(ctx context.Context, c *cluster.Cluster, fault string, f targeted, victims []Victim, r *rand.Rand, do func(node string) (func(), error)) (string, func(), error) {
	drawn, v, err := pick(c, victims, r)
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
	chose(ctx, f.at(v))
	return fault + " " + names(hit), healAll(heals), nil
}

// diskImpairer returns the function that impairs the disk of a node.
func diskImpairer(c *cluster.Cluster, i cluster.DiskImpairment) func(node string) func() {
	return func(node string) func() { return c.ImpairDisk(node, i) }
}

type fsyncLies struct {
	targets
	damageLimit
}

func (fsyncLies) kind() string           { return "fsync-lies" }
func (f fsyncLies) at(v ...Victim) Fault { f.Victims = v; return f }
func (f fsyncLies) String() string       { return f.describe("fsync lies") }

func (f fsyncLies) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.damageLimit.inject(ctx, c, "fsync lies", f, f.orNodeOrLeader(), r, func(node string) (func(), error) {
		return c.ImpairDisk(node, cluster.DiskImpairment{Lie: true}), nil
	})
}

type fsyncFails struct {
	targets
	Times int `json:"times,omitempty"`
}

func (fsyncFails) kind() string           { return "fsync-fails" }
func (f fsyncFails) at(v ...Victim) Fault { f.Victims = v; return f }
func (f fsyncFails) String() string       { return f.describe("fsync fails") }

func (f fsyncFails) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "fsync fails", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{FailSyncs: max(1, f.Times)}))
}

type diskErrors struct {
	targets
	P float64 `json:"p,omitempty"`
}

func (diskErrors) kind() string           { return "disk-errors" }
func (f diskErrors) at(v ...Victim) Fault { f.Victims = v; return f }
func (f diskErrors) String() string       { return f.describe("disk errors") }

func (f diskErrors) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "disk errors", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{Fail: chanceOr(f.P, 0.1)}))
}

type diskFull struct{ targets }

func (diskFull) kind() string           { return "disk-full" }
func (f diskFull) at(v ...Victim) Fault { f.Victims = v; return f }
func (f diskFull) String() string       { return f.describe("disk full") }

func (f diskFull) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "disk full", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{Full: true}))
}

type readOnlyDisk struct{ targets }

func (readOnlyDisk) kind() string           { return "read-only-disk" }
func (f readOnlyDisk) at(v ...Victim) Fault { f.Victims = v; return f }
func (f readOnlyDisk) String() string       { return f.describe("read-only disk") }

func (f readOnlyDisk) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "read-only disk", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{ReadOnly: true}))
}

type slowDisk struct {
	targets
	Extra jsonDuration `json:"extra,omitzero"`
}

func (slowDisk) kind() string           { return "slow-disk" }
func (f slowDisk) at(v ...Victim) Fault { f.Victims = v; return f }
func (f slowDisk) String() string       { return f.describe(fmt.Sprintf("slow disk +%v", f.extra())) }

func (f slowDisk) extra() time.Duration { return f.Extra.or(50 * time.Millisecond) }

func (f slowDisk) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "slow disk", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{SlowSync: f.extra()}))
}

type diskHangs struct {
	targets
	Extra jsonDuration `json:"extra,omitzero"`
}

func (diskHangs) kind() string           { return "disk-hangs" }
func (f diskHangs) at(v ...Victim) Fault { f.Victims = v; return f }
func (f diskHangs) String() string       { return f.describe(fmt.Sprintf("disk hangs %v", f.extra())) }

func (f diskHangs) extra() time.Duration { return f.Extra.or(3 * time.Second) }

func (f diskHangs) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return injectInto(ctx, c, "disk hangs", f, f.orNodeOrLeader(), r, diskImpairer(c, cluster.DiskImpairment{SlowSync: f.extra()}))
}

type bitRot struct {
	targets
	damageLimit
	Bits int `json:"bits,omitempty"`
}

func (bitRot) kind() string           { return "bit-rot" }
func (f bitRot) at(v ...Victim) Fault { f.Victims = v; return f }
func (f bitRot) String() string       { return f.describe("bit rot") }

// Inject flips the bits of each node that may be damaged, at random places of its disk.
func (f bitRot) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	bits := f.Bits
	if bits <= 0 {
		bits = 8
	}
	return f.damageLimit.inject(ctx, c, "bit rot", f, f.orNodeOrLeader(), r, func(node string) (func(), error) {
		var heals []func()
		for range bits {
			_, heal, err := c.FlipBit(node, r.Int64N)
			if err != nil {
				return nil, err
			}
			heals = append(heals, heal)
		}
		return healAll(heals), nil
	})
}

type misdirects struct {
	targets
	damageLimit
	P float64 `json:"p,omitempty"`
}

func (misdirects) kind() string           { return "misdirected-writes" }
func (f misdirects) at(v ...Victim) Fault { f.Victims = v; return f }
func (f misdirects) String() string       { return f.describe("misdirected writes") }

func (f misdirects) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.damageLimit.inject(ctx, c, "misdirected writes", f, f.orNodeOrLeader(), r, func(node string) (func(), error) {
		return c.ImpairDisk(node, cluster.DiskImpairment{Misdirect: chanceOr(f.P, 0.1)}), nil
	})
}
