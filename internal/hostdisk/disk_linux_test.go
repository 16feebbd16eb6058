//go:build amd64 || arm64

package hostdisk_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/hostdisk"
	"github.com/capsize-go/capsize/internal/keyed"
	"github.com/capsize-go/capsize/internal/tier"
)

// A program uses a disk as the hook has it do: it tells the disk first.
type program struct {
	t testing.TB
	d *hostdisk.Disk
}

func newProgram(t testing.TB, strict bool) *program {
	t.Helper()
	root := filepath.Join(t.TempDir(), "n1")
	require.NoError(t, os.Mkdir(root, 0o700))
	d, err := hostdisk.New(root, strict)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return &program{t, d}
}

func (p *program) path(name string) string { return filepath.Join(p.d.Root(), name) }

func (p *program) create(name string) *os.File {
	n, ours := p.d.Creating(p.path(name))
	require.True(p.t, ours)
	f, err := os.OpenFile(p.path(name), os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(p.t, err)
	n.Done(true)
	p.t.Cleanup(func() { f.Close() })
	return f
}

func (p *program) write(f *os.File, off int64, text string) {
	at, _, ours := p.d.Place(int(f.Fd()), off)
	require.True(p.t, ours)
	err := p.d.Write(int(f.Fd()), at, int64(len(text)), at)
	require.NoError(p.t, err)
	if off < 0 {
		_, err = f.WriteString(text)
	} else {
		_, err = f.WriteAt([]byte(text), off)
	}
	require.NoError(p.t, err)
}

func (p *program) truncate(f *os.File, size int64) {
	require.NoError(p.t, p.d.Truncate(int(f.Fd()), size))
	require.NoError(p.t, f.Truncate(size))
}

func (p *program) covered(f *os.File) hostdisk.Covered {
	c, ours := p.d.Cover(int(f.Fd()))
	require.True(p.t, ours)
	return c
}

func (p *program) sync(f *os.File) { p.covered(f).Persist() }

func (p *program) rename(from, to string) {
	n, ours, err := p.d.Renaming(p.path(from), p.path(to))
	require.NoError(p.t, err)
	require.True(p.t, ours)
	require.NoError(p.t, os.Rename(p.path(from), p.path(to)))
	n.Done(true)
}

func (p *program) remove(name string) {
	n, ours, err := p.d.Removing(p.path(name))
	require.NoError(p.t, err)
	require.True(p.t, ours)
	require.NoError(p.t, os.Remove(p.path(name)))
	n.Done(true)
}

func (p *program) mkdir(name string) {
	n, ours := p.d.Creating(p.path(name))
	require.True(p.t, ours)
	require.NoError(p.t, os.Mkdir(p.path(name), 0o700))
	n.Done(true)
}

func (p *program) crash(kept hostdisk.Kept, seed uint64) (lost int64, torn bool) {
	lost, torn, err := p.d.Crash(kept, keyed.New(seed))
	require.NoError(p.t, err)
	return lost, torn
}

// read returns what is in a file, and "-" if there is none.
func (p *program) read(name string) string {
	b, err := os.ReadFile(p.path(name))
	if os.IsNotExist(err) {
		return "-"
	}
	require.NoError(p.t, err)
	return string(b)
}

func TestContent(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(p *program, f *os.File)
		want string
		lost int64
	}{
		{"nothing", func(*program, *os.File) {}, "synced", 0},
		{"append", func(p *program, f *os.File) { p.write(f, -1, " more") }, "synced", 5},
		{"overwrite", func(p *program, f *os.File) { p.write(f, 1, "YN") }, "synced", 2},
		{"overwrite and append", func(p *program, f *os.File) { p.write(f, 4, "ED and more") }, "synced", 11},
		{"overwrite what is not synced", func(p *program, f *os.File) { p.write(f, 0, "abc"); p.write(f, 1, "XYZ") }, "synced", 6},
		{"gap", func(p *program, f *os.File) { p.write(f, 10, "far") }, "synced", 3},
		{"shorter", func(p *program, f *os.File) { p.truncate(f, 2) }, "synced", 4},
		{"shorter, then longer", func(p *program, f *os.File) { p.truncate(f, 2); p.truncate(f, 9); p.write(f, 8, "x") }, "synced", 5},
		{"synced again", func(p *program, f *os.File) { p.write(f, -1, " more"); p.sync(f); p.truncate(f, 0) }, "synced more", 11},
		{"a sync that failed", func(p *program, f *os.File) {
			p.write(f, 0, "SYN")
			p.covered(f).Drop()
			p.write(f, 2, "12")
			p.sync(f)
		}, "sy12ed", 0},
		{"a sync that lied", func(p *program, f *os.File) { p.write(f, 0, "SYN"); p.covered(f) }, "synced", 3},
		{"a sync that others wrote during", func(p *program, f *os.File) { c := p.covered(f); p.write(f, 0, "S"); c.Persist() }, "synced", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProgram(t, false)
			f := p.create("f")
			p.write(f, -1, "synced")
			p.sync(f)
			c.do(p, f)
			lost, torn := p.crash(hostdisk.Nothing, 1)
			assert.Equal(t, c.want, p.read("f"))
			assert.Equal(t, c.lost, lost)
			assert.False(t, torn)
		})
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name           string
		do             func(p *program, f *os.File)
		journal, posix map[string]string
	}{
		{"a new file", func(p *program, _ *os.File) { p.write(p.create("new"), 0, "x") }, files("f", "synced", "new", "-"), files("f", "synced", "new", "-")},
		{"a new file that is synced", func(p *program, _ *os.File) { g := p.create("new"); p.write(g, 0, "x"); p.sync(g) }, files("new", "x"), files("new", "-")},
		{"another file is synced", func(p *program, f *os.File) { p.write(p.create("new"), 0, "x"); p.sync(f) }, files("new", ""), files("new", "-")},
		{"remove", func(p *program, _ *os.File) { p.remove("f") }, files("f", "synced"), files("f", "synced")},
		{"remove, and sync the folder", func(p *program, _ *os.File) { p.remove("f"); p.syncDir(".") }, files("f", "-"), files("f", "-")},
		{"remove what was written", func(p *program, f *os.File) { p.write(f, 0, "S"); p.remove("f"); p.write(f, 1, "Y") }, files("f", "synced"), files("f", "synced")},
		{"rename", func(p *program, _ *os.File) { p.rename("f", "g") }, files("f", "synced", "g", "-"), files("f", "synced", "g", "-")},
		{"rename, and sync the folder", func(p *program, _ *os.File) { p.rename("f", "g"); p.syncDir(".") }, files("f", "-", "g", "synced"), files("f", "-", "g", "synced")},
		{"replace", func(p *program, _ *os.File) { p.write(p.create("tmp"), 0, "new"); p.rename("tmp", "f") }, files("f", "synced", "tmp", "-"), files("f", "synced", "tmp", "-")},
		{"replace, and sync the folder", func(p *program, _ *os.File) {
			p.write(p.create("tmp"), 0, "new")
			p.rename("tmp", "f")
			p.syncDir(".")
		}, files("f", "new", "tmp", "-"), files("f", "", "tmp", "-")},
		{"replace as one should", func(p *program, _ *os.File) {
			g := p.create("tmp")
			p.write(g, 0, "new")
			p.sync(g)
			p.rename("tmp", "f")
			p.syncDir(".")
		}, files("f", "new", "tmp", "-"), files("f", "new", "tmp", "-")},
		{"a folder", func(p *program, _ *os.File) {
			p.mkdir("d")
			p.write(p.create("d/x"), 0, "x")
			p.rename("d", "e")
		}, files("d/x", "-", "e/x", "-"), files("d/x", "-", "e/x", "-")},
		{"a folder that is synced, and not its parent", func(p *program, _ *os.File) {
			p.mkdir("d")
			g := p.create("d/x")
			p.write(g, 0, "x")
			p.sync(g)
			p.syncDir("d")
		}, files("d/x", "x"), files("d/x", "-")},
		{"a folder that is gone", func(p *program, _ *os.File) {
			p.mkdir("d")
			p.syncDir(".")
			p.remove("d")
			p.write(p.create("d2"), 0, "")
		}, files("d2", "-"), files("d2", "-")},
	} {
		for strict, want := range map[bool]map[string]string{false: c.journal, true: c.posix} { // order: subtests
			t.Run(fmt.Sprintf("%s, strict %v", c.name, strict), func(t *testing.T) {
				p := newProgram(t, strict)
				f := p.create("f")
				p.write(f, -1, "synced")
				p.sync(f)
				p.syncDir(".")
				c.do(p, f)
				p.crash(hostdisk.Nothing, 1)
				for name, text := range want { // order: each by itself
					assert.Equal(t, text, p.read(name), name)
				}
			})
		}
	}
}

func files(pairs ...string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

func (p *program) syncDir(name string) {
	f, err := os.Open(p.path(name))
	require.NoError(p.t, err)
	defer f.Close()
	p.sync(f)
}

// TestEverything is what a killed process leaves: all of it, with other inodes.
func TestEverything(t *testing.T) {
	p := newProgram(t, false)
	f := p.create("f")
	p.write(f, 0, "not synced")
	require.NoError(t, os.Truncate(p.path("f"), 64<<20))
	require.NoError(t, os.Symlink("f", p.path("link")))
	require.NoError(t, os.Link(p.path("f"), p.path("second")))
	before, err := os.Stat(p.path("f"))
	require.NoError(t, err)
	lost, torn := p.crash(hostdisk.Everything, 1)
	assert.Zero(t, lost)
	assert.False(t, torn)
	after, err := os.Stat(p.path("f"))
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "locks of the dead would hold")
	assert.Equal(t, before.Size(), after.Size())
	assert.Equal(t, before.Mode(), after.Mode())
	second, err := os.Stat(p.path("link"))
	require.NoError(t, err)
	assert.True(t, os.SameFile(after, second))
	b := make([]byte, 10)
	_, err = f.ReadAt(b, 0)
	require.Error(t, err, "the dead's descriptor is /dev/null")
	g, err := os.Open(p.path("second"))
	require.NoError(t, err)
	defer g.Close()
	_, err = g.ReadAt(b, 0)
	require.NoError(t, err)
	assert.Equal(t, "not synced", string(b))
}

// TestStates crashes in the middle of random work. What is left of each file is one of its states since the last sync, and with
// torn writes a state and a part of the next write. All of these are found.
func TestStates(t *testing.T) {
	found, seeds := map[string]int{}, 60
	if tier.Sweeping() {
		seeds = 2000
	}
	for seed := range uint64(seeds) {
		kept := []hostdisk.Kept{hostdisk.Nothing, hostdisk.Prefix, hostdisk.Torn, hostdisk.LastTorn, hostdisk.Everything}[seed%5]
		p, r := newProgram(t, false), rand.New(rand.NewPCG(seed, 0))
		names := []string{"a", "b", "c"}
		open, states := map[string]*os.File{}, map[string][]string{}
		for _, name := range names {
			open[name] = p.create(name)
			p.sync(open[name])
			states[name] = []string{""}
		}
		last := ""
		for i := range 40 {
			name := names[r.IntN(len(names))]
			f, now := open[name], []byte(states[name][len(states[name])-1])
			op := r.IntN(6)
			if i == 39 {
				op = 5 // a crash is in a write
			}
			switch op {
			case 0:
				p.sync(f)
				states[name] = []string{string(now)}
				continue
			case 1:
				size := r.IntN(40)
				p.truncate(f, int64(size))
				now = append(now, make([]byte, 40)...)[:size]
			default:
				off, text := r.IntN(len(now)+5), string(bytes.Repeat([]byte{byte('a' + r.IntN(26))}, 1+r.IntN(9)))
				p.write(f, int64(off), text)
				if end := off + len(text); end > len(now) {
					now = append(now, make([]byte, end-len(now))...)
				}
				copy(now[off:], text)
			}
			states[name], last = append(states[name], string(now)), name
		}
		p.crash(kept, seed)
		for _, name := range names {
			found[check(t, kept, states[name], p.read(name), name == last)]++
		}
	}
	for _, what := range []string{"0 oldest", "1 oldest", "1 newest", "1 between", "2 torn", "3 torn", "5 newest"} {
		assert.NotZero(t, found[what], "%s in %v", what, found)
	}
}

// check says which of a file's states is left.
func check(t *testing.T, kept hostdisk.Kept, states []string, left string, last bool) string {
	t.Helper()
	oldest, newest := states[0], states[len(states)-1]
	switch {
	case kept == hostdisk.Nothing:
		assert.Equal(t, oldest, left)
	case kept == hostdisk.Everything, kept == hostdisk.LastTorn && !last:
		assert.Equal(t, newest, left)
	}
	for i, s := range states {
		switch {
		case left != s:
		case i == 0 && oldest != newest:
			return fmt.Sprint(kept, " oldest")
		case i == len(states)-1:
			return fmt.Sprint(kept, " newest")
		default:
			return fmt.Sprint(kept, " between")
		}
	}
	if assert.Contains(t, []hostdisk.Kept{hostdisk.Torn, hostdisk.LastTorn}, kept, "%q is none of %q", left, states) {
		assert.True(t, torn(states, left), "%q is between no two of %q", left, states)
	}
	return fmt.Sprint(kept, " torn")
}

// torn reports whether what is left begins as a state with a part of the next write.
func torn(states []string, left string) bool {
	for i := 1; i < len(states); i++ {
		was, is := states[i-1], states[i]
		for cut := range len(is) {
			mixed := is[:cut]
			if cut < len(was) {
				mixed += was[cut:]
			}
			if mixed == left {
				return true
			}
		}
	}
	return false
}

// TestSectors keeps each sector of a write or not, and names in their order.
func TestSectors(t *testing.T) {
	kinds := map[string]bool{}
	for seed := range uint64(40) {
		p := newProgram(t, false)
		f := p.create("f")
		p.write(f, 0, string(bytes.Repeat([]byte("0"), 3*hostdisk.Sector)))
		p.sync(f)
		p.write(f, 100, string(bytes.Repeat([]byte("1"), 2*hostdisk.Sector)))
		lost, _ := p.crash(hostdisk.Sectors, seed)
		text := p.read("f")
		require.Len(t, text, 3*hostdisk.Sector)
		kind := ""
		for i := range 3 {
			kind += text[i*hostdisk.Sector+99 : i*hostdisk.Sector+101]
		}
		kinds[kind] = true
		assert.Equal(t, int64(2*hostdisk.Sector-bytes.Count([]byte(text), []byte("1"))), lost)
	}
	assert.Len(t, kinds, 8, "%v", kinds)
}

func TestMisdirected(t *testing.T) {
	p := newProgram(t, false)
	f := p.create("f")
	p.write(f, 0, string(bytes.Repeat([]byte("."), 2000)))
	p.sync(f)
	at, size, _ := p.d.Place(int(f.Fd()), 0)
	assert.Equal(t, []int64{0, 2000}, []int64{at, size})
	require.NoError(t, p.d.Write(int(f.Fd()), 0, 4, 1024))
	_, err := f.WriteAt([]byte("lost"), 0)
	require.NoError(t, err)
	p.sync(f)
	p.write(f, 10, "good")
	p.sync(f)
	assert.Equal(t, "lost", p.read("f")[:4], "what the host sees")
	p.crash(hostdisk.Nothing, 1)
	text := p.read("f")
	assert.Equal(t, []string{"....", "good", "lost"}, []string{text[:4], text[10:14], text[1024:1028]})
}

type reads int

func (r *reads) CountFlipRead() { *r++ }

func TestRot(t *testing.T) {
	p := newProgram(t, false)
	f := p.create("f")
	p.write(f, 0, "0000")
	p.sync(f)
	p.write(f, 1, "111")
	var by reads
	pick := func(bit int64) func(int64) int64 {
		return func(bits int64) int64 {
			assert.Equal(t, int64(32), bits)
			return bit
		}
	}
	path, at, heal, err := p.d.Flip(pick(8), &by)
	require.NoError(t, err)
	assert.Equal(t, "f", path)
	assert.Equal(t, int64(1), at)
	assert.Equal(t, "0011", p.read("f"))
	p.d.Read(int(f.Fd()), 0, 1)
	assert.Zero(t, by)
	p.d.Read(int(f.Fd()), 0, 2)
	assert.Equal(t, reads(1), by)
	p.crash(hostdisk.Nothing, 1)
	assert.Equal(t, "0100", p.read("f"), "it is on the disk as well")
	heal()
	assert.Equal(t, "0000", p.read("f"))
	_, _, _, err = p.d.Flip(pick(32), &by)
	require.ErrorContains(t, err, "bit 32 of 32")

	_, _, heal, err = p.d.Flip(pick(0), &by)
	require.NoError(t, err)
	g, err := os.OpenFile(p.path("f"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer g.Close()
	p.write(g, 0, "0")
	heal()
	assert.Equal(t, "0000", p.read("f"), "what was overwritten is right")
}

func TestMap(t *testing.T) {
	p := newProgram(t, false)
	f := p.create("f")
	p.sync(f)
	p.write(f, 0, "kept")
	path, first := p.d.Map(int(f.Fd()))
	assert.Equal(t, "f", path)
	assert.True(t, first)
	_, first = p.d.Map(int(f.Fd()))
	assert.False(t, first)
	p.write(f, 0, "all of it")
	p.crash(hostdisk.Nothing, 1)
	assert.Equal(t, "all of it", p.read("f"))
}

// TestNotOurs leaves alone what is outside of the folder, and what is no file.
func TestNotOurs(t *testing.T) {
	p := newProgram(t, false)
	f, err := os.Create(filepath.Join(t.TempDir(), "other"))
	require.NoError(t, err)
	defer f.Close()
	_, _, ours := p.d.Place(int(f.Fd()), 0)
	assert.False(t, ours)
	_, ours = p.d.Cover(int(f.Fd()))
	assert.False(t, ours)
	_, ours = p.d.Creating(p.d.Root() + "2/x")
	assert.False(t, ours)
	_, ours = p.d.Creating(p.d.Root())
	assert.False(t, ours)
}
