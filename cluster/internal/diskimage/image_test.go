package diskimage

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/keyed"
)

// filled returns an image with a file of zeros that is durable, and n writes to it that are not: write i puts
// the byte i+1 over sector i.
func filled(n int) (*Image, *File) {
	i := New()
	f := i.NewFile()
	i.Link(1, i.Root, "f", f)
	put(&i, f, 0, make([]byte, n*Sector))
	i.Persist(All)
	for at := range n {
		put(&i, f, at*Sector, bytes.Repeat([]byte{byte(at + 1)}, Sector))
	}
	return &i, f
}

func put(i *Image, f *File, off int, p []byte) {
	f.Overwrite(p, off)
	i.Write(2, f, off, p)
}

// left returns what a crash left in each sector: how many of its bytes are new.
func left(i *Image) (newBytes []int) {
	data := i.Root.Names["f"].Data
	for at := range len(data) / Sector {
		newBytes = append(newBytes, bytes.Count(data[at*Sector:(at+1)*Sector], []byte{byte(at + 1)}))
	}
	return newBytes
}

// TestCrashKeeps holds each kind of crash to its definition, and the bytes that it says are lost to those that are.
func TestCrashKeeps(t *testing.T) {
	const n = 6
	seen := map[Kept]map[int]bool{}
	for seed := range uint64(200) {
		for _, kept := range []Kept{Nothing, Prefix, Torn, LastTorn, Sectors} {
			i, _ := filled(n)
			lost, torn := i.Crash(3, kept, keyed.New(seed))
			sectors, whole, sum := left(i), 0, 0
			for whole < n && sectors[whole] == Sector {
				whole++
			}
			part := false
			for at, s := range sectors {
				sum += s
				part = part || s > 0 && s < Sector
				if kept != Sectors && at > whole {
					assert.Zero(t, s, "%d: what comes after the first loss", kept)
				}
			}
			assert.Equal(t, int64(n*Sector-sum), lost, "%d", kept)
			assert.Equal(t, torn, part, "%d", kept)
			assert.Equal(t, kept == Torn || kept == LastTorn, torn)
			if seen[kept] == nil {
				seen[kept] = map[int]bool{}
			}
			seen[kept][whole] = true
		}
	}
	assert.Len(t, seen[Nothing], 1)
	assert.Len(t, seen[Prefix], n+1, "each prefix occurs")
	assert.Len(t, seen[Torn], n, "the crash is in each write")
	assert.Equal(t, map[int]bool{n - 1: true}, seen[LastTorn])
	assert.Greater(t, len(seen[Sectors]), 2)
}

// TestSyncCovers persists what a sync of a file or directory covers, and nothing else.
func TestSyncCovers(t *testing.T) {
	i := New()
	dir := i.NewDir()
	i.Link(1, i.Root, "d", dir)
	f, g := i.NewFile(), i.NewFile()
	i.Link(1, dir, "f", f)
	i.Link(1, dir, "g", g)
	put(&i, f, 0, []byte("f"))
	put(&i, g, 0, []byte("g"))
	i.Persist(i.Covered(i.Root, true, i.Seq()))
	i.Persist(i.Covered(dir, true, i.Seq()))
	i.Persist(i.Covered(f, true, i.Seq()))
	assert.True(t, i.Any(All), "the content of g is not durable")
	lost, _ := i.Crash(2, Nothing, keyed.New(1))
	assert.Equal(t, int64(1), lost)
	for name, want := range map[string]string{"d/f": "f", "d/g": ""} {
		_, _, x, err := i.Lookup(name)
		require.NoError(t, err)
		require.NotNil(t, x, name)
		assert.Equal(t, want, string(x.Data), name)
	}
}

// TestEarlierNames has a sync of a name make the earlier changes of it durable too: a later sync must not undo it.
func TestEarlierNames(t *testing.T) {
	i := New()
	f := i.NewFile()
	i.Link(1, i.Root, "f", f)
	i.Unlink(1, i.Root, "f")
	g := i.NewFile()
	i.Link(1, i.Root, "f", g)
	i.Persist(i.Covered(g, false, i.Seq()))
	assert.False(t, i.Any(All))
	i.Crash(2, Nothing, keyed.New(1))
	assert.Equal(t, g.ID, i.Root.Names["f"].ID)
}

// TestLookup distinguishes a path that does not exist from one that can't.
func TestLookup(t *testing.T) {
	i := New()
	i.Link(1, i.Root, "f", i.NewFile())
	_, base, f, err := i.Lookup("/new")
	require.NoError(t, err)
	assert.Equal(t, "new", base)
	assert.Nil(t, f)
	_, _, _, err = i.Lookup("none/new")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, _, err = i.Lookup("f/new")
	require.ErrorIs(t, err, syscall.ENOTDIR)
	assert.Equal(t, ".", i.Root.Describe("/", time.Time{}).Name())
}

type counter int

func (c *counter) CountFlipRead() { *c++ }

// TestFlip flips a bit, counts its reads, keeps it over a crash, and forgets it once it is overwritten.
func TestFlip(t *testing.T) {
	i, f := filled(1)
	i.Persist(All)
	var c counter
	b := Flip{Bit: 8 * 3, By: &c}
	f.Flip(b)
	f.Flipped = append(f.Flipped, b)
	i.Crash(3, Nothing, keyed.New(1))
	f = i.Root.Names["f"]
	assert.Equal(t, byte(0), f.Data[3])
	f.CountFlipsRead(0, 3)
	assert.Equal(t, counter(0), c)
	f.CountFlipsRead(3, 4)
	assert.Equal(t, counter(1), c)
	put(i, f, 3, []byte{7})
	assert.Empty(t, f.Flipped)
}

// TestSharedBytes compares a file with one whose durable bytes are kept apart: what is durable may be the beginning of what the host
// sees, in the same memory, and neither may change with the other.
func TestSharedBytes(t *testing.T) {
	type pending struct {
		p      []byte
		off    int
		resize bool
	}
	shared := 0
	for seed := range uint64(20) {
		r := keyed.New(seed, "shared bytes").Rand()
		i := New()
		f := i.NewFile()
		i.Link(0, i.Root, "f", f)
		var data, durable []byte
		var waiting []pending
		for now := time.Duration(1); now < 300; now++ {
			off := len(data)
			if uint64(r.IntN(400)) < seed {
				off = r.IntN(len(data) + 10)
			}
			what := r.IntN(12)
			if what < 2 && uint64(r.IntN(60)) >= seed {
				what = 12
			}
			switch what {
			case 0:
				size := r.IntN(len(data) + 10)
				i.Resize(now, f, size)
				data = resized(slices.Clone(data), size)
				waiting = append(waiting, pending{off: size, resize: true})
			case 1:
				b := Flip{Bit: r.IntN(8*len(data) + 1)}
				f.Flip(b)
				for _, of := range [][]byte{data, durable} {
					if at := b.Bit / 8; at < len(of) {
						of[at] ^= 1 << (b.Bit % 8)
					}
				}
			case 2, 3, 4:
				i.Commit(now)
				i.ApplySynced(now)
				for _, c := range waiting {
					if c.resize {
						durable = resized(slices.Clone(durable), c.off)
					} else {
						durable = overwritten(slices.Clone(durable), c.p, c.off)
					}
				}
				waiting = nil
			default:
				p := binary.BigEndian.AppendUint64(nil, r.Uint64())[:1+r.IntN(8)]
				f.Overwrite(p, off)
				i.Write(now, f, off, p)
				data = overwritten(slices.Clone(data), p, off)
				waiting = append(waiting, pending{p: p, off: off})
			}
			require.Equal(t, string(data), string(f.Data))
			require.Equal(t, string(durable), string(f.durable))
			if f.shared {
				shared++
			}
		}
		before := string(f.durable)
		i.Crash(300, Nothing, keyed.New(seed))
		f.Overwrite([]byte("what outlives the crash writes"), 0)
		require.Equal(t, before, string(i.Root.Names["f"].Data))
	}
	require.Greater(t, shared, 500)
}
