package cluster_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// tree returns the disk of n1, with directories.
func (r *fixture) tree() *cluster.Tree { return r.host("n1").Disk().Tree() }

// put writes a file of the tree, and syncs its content.
func (r *fixture) put(name, data string) {
	f, err := r.tree().Create(name)
	require.NoError(r.t, err)
	_, err = f.Write([]byte(data))
	require.NoError(r.t, err)
	require.NoError(r.t, f.Sync())
	require.NoError(r.t, f.Close())
}

// syncDir makes the entries of a directory durable.
func (r *fixture) syncDir(name string) {
	f, err := r.tree().Open(name)
	require.NoError(r.t, err)
	require.NoError(r.t, f.Sync())
}

// all lists the files of the tree with their content, and its directories.
func (r *fixture) all() map[string]string {
	all := map[string]string{}
	fsys := r.tree().FS()
	require.NoError(r.t, fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		require.NoError(r.t, err)
		if e.IsDir() {
			all[name] = "/"
			return nil
		}
		b, err := fs.ReadFile(fsys, name)
		all[name] = string(b)
		return err
	}))
	delete(all, ".")
	return all
}

type files = map[string]string

// A treeCrash is what is done on a disk before its host crashes, and what is left.
type treeCrash struct {
	name string
	do   func(t *testing.T, r *fixture)
	want files
}

var treeCrashes = []treeCrash{
	{"the name of a file that was synced is not", func(_ *testing.T, r *fixture) { r.put("a", "x") }, files{}},
	{"both were synced", func(_ *testing.T, r *fixture) {
		r.put("a", "x")
		r.syncDir("/")
	}, files{"a": "x"}},
	{"a directory that is in none that was synced", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().MkdirAll("d/e"))
		r.put("d/e/a", "x")
		r.syncDir("d/e")
		r.syncDir("d")
	}, files{}},
	{"directories, from the root down", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().MkdirAll("d/e"))
		r.put("d/e/a", "x")
		r.syncDir("d/e")
		r.syncDir("d")
		r.syncDir(".")
	}, files{"d": "/", "d/e": "/", "d/e/a": "x"}},
	{"a rename that was not synced", func(t *testing.T, r *fixture) {
		r.put("a", "old")
		r.put("b", "new")
		r.syncDir("/")
		require.NoError(t, r.tree().Rename("b", "a"))
	}, files{"a": "old", "b": "new"}},
	{"a rename that was synced", func(t *testing.T, r *fixture) {
		r.put("a", "old")
		r.put("b", "new")
		require.NoError(t, r.tree().Rename("b", "a"))
		r.syncDir("/")
	}, files{"a": "new"}},
	{"a rename to another directory is durable with either", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().Mkdir("d"))
		r.put("a", "x")
		r.syncDir("/")
		require.NoError(t, r.tree().Rename("a", "d/a"))
		r.syncDir("d")
	}, files{"d": "/", "d/a": "x"}},
	{"a directory that was renamed keeps what is in it", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().Mkdir("d"))
		r.put("d/a", "x")
		r.syncDir("d")
		r.syncDir("/")
		require.NoError(t, r.tree().Rename("d", "e"))
		r.put("e/b", "y")
		r.syncDir("e")
	}, files{"d": "/", "d/a": "x", "d/b": "y"}},
	{"a file that was removed and made again", func(t *testing.T, r *fixture) {
		r.put("a", "old")
		require.NoError(t, r.tree().Remove("a"))
		r.put("a", "new")
		r.syncDir("/")
		r.put("b", "")
		require.NoError(t, r.tree().Remove("b"))
		r.syncDir("/")
	}, files{"a": "new"}},
	{"a removal that was not synced", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().Mkdir("d"))
		r.put("d/a", "x")
		r.syncDir("d")
		r.syncDir("/")
		require.NoError(t, r.tree().RemoveAll("d"))
	}, files{"d": "/", "d/a": "x"}},
	{"two names", func(t *testing.T, r *fixture) {
		r.put("a", "x")
		require.NoError(t, r.tree().Link("a", "b"))
		r.syncDir("/")
		f, err := r.tree().OpenFile("b", os.O_WRONLY|os.O_APPEND)
		require.NoError(t, err)
		_, err = f.Write([]byte("y"))
		require.NoError(t, err)
		require.NoError(t, f.Sync())
	}, files{"a": "xy", "b": "xy"}},
	{"a sync of the host covers all", func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().Mkdir("d"))
		r.put("d/a", "x")
		require.NoError(t, r.sync())
	}, files{"d": "/", "d/a": "x"}},
}

func TestTreeCrash(t *testing.T) {
	for _, x := range treeCrashes {
		t.Run(x.name, func(t *testing.T) {
			withFixture(t, func(t *testing.T, r *fixture) {
				x.do(t, r)
				r.reboot()
				assert.Equal(t, x.want, r.all())
				r.reboot()
				assert.Equal(t, x.want, r.all(), "a second crash loses no more")
			})
		})
	}
}

// A file that is removed and made again is not lost by the sync of the first one.
func TestNameThatWasUsedTwice(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("a", "old")
		require.NoError(t, r.host("n1").Disk().Remove("a"))
		r.write("a", "new")
		require.NoError(t, r.open("a").Sync())
		require.NoError(t, r.sync())
		r.reboot()
		assert.Equal(t, "new", r.content("a"))
	})
}

func TestTreeIsAnFS(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		require.NoError(t, r.tree().MkdirAll("d/e"))
		r.put("a", "x")
		r.put("d/b", "yy")
		r.put("d/e/c", "")
		require.NoError(t, fstest.TestFS(r.tree().FS(), "a", "d/b", "d/e/c"))
	})
}

func TestTreeErrors(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		x := r.tree()
		require.NoError(t, x.MkdirAll("d/e"))
		r.put("d/a", "x")
		_, err := x.Open("d/b")
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = x.Open("d/a/b")
		require.ErrorIs(t, err, syscall.ENOTDIR)
		_, err = x.OpenFile("d/a", os.O_CREATE|os.O_EXCL|os.O_RDWR)
		require.ErrorIs(t, err, fs.ErrExist)
		_, err = x.Create("d")
		require.ErrorIs(t, err, syscall.EISDIR)
		require.ErrorIs(t, x.Mkdir("d"), fs.ErrExist)
		require.ErrorIs(t, x.MkdirAll("d/a/x"), syscall.ENOTDIR)
		require.ErrorIs(t, x.Remove("d"), syscall.ENOTEMPTY)
		require.ErrorIs(t, x.Rename("d", "d/e/f"), syscall.EINVAL)
		require.ErrorIs(t, x.Rename("d/a", "d/e"), syscall.EISDIR)
		require.ErrorIs(t, x.Link("d/a", "d/a"), fs.ErrExist)
		require.NoError(t, x.RemoveAll("d/none"))
		_, err = r.host("n1").Disk().Open("d")
		require.ErrorIs(t, err, syscall.EISDIR)
		f, err := x.Open("d/a")
		require.NoError(t, err)
		_, err = f.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EBADF)
		require.NoError(t, f.Close())
		_, err = f.Read(make([]byte, 1))
		require.ErrorIs(t, err, fs.ErrClosed)
		r.ImpairDisk("n1", cluster.DiskImpairment{Fail: 1})
		require.ErrorIs(t, x.Mkdir("x"), cluster.ErrDisk)
	})
}

func TestTreeFileSeeks(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.put("a", "0123456789")
		f, err := r.tree().OpenFile("a", os.O_RDWR)
		require.NoError(t, err)
		_, err = f.Seek(-4, io.SeekEnd)
		require.NoError(t, err)
		_, err = f.Write([]byte("ab"))
		require.NoError(t, err)
		b, err := io.ReadAll(f)
		require.NoError(t, err)
		assert.Equal(t, "89", string(b))
		require.NoError(t, f.Truncate(7))
		assert.Equal(t, files{"a": "012345a"}, r.all())
		i, err := f.Stat()
		require.NoError(t, err)
		assert.Equal(t, int64(7), i.Size())
	})
}

// What outlives a crash quietly sees its own files, and changes nothing.
func TestQuietAfterCrash(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.put("a", "x")
		r.syncDir("/")
		loud, quiet := r.tree(), r.tree().QuietAfterCrash()
		f, err := quiet.OpenFile("a", os.O_RDWR)
		require.NoError(t, err)
		_, err = f.Write([]byte("y"))
		require.NoError(t, err)
		r.reboot()
		_, err = loud.Open("a")
		require.ErrorIs(t, err, cluster.ErrCrashed)
		_, err = f.Write([]byte("z"))
		require.NoError(t, err)
		require.NoError(t, f.Sync())
		require.NoError(t, quiet.Rename("a", "b"))
		b, err := fs.ReadFile(quiet.FS(), "b")
		require.NoError(t, err)
		assert.Equal(t, "yz", string(b))
		assert.Equal(t, files{"a": "x"}, r.all())
		r.reboot()
		assert.Equal(t, files{"a": "x"}, r.all())
	})
}

// Two goroutines sync under a mutex, as those of a write-ahead log: virtual time passes, and the host pays.
func TestMutexOverSync(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		h := r.host("n1")
		f, err := h.Disk().Open("log")
		require.NoError(t, err)
		var mu sync.Mutex
		var group sync.WaitGroup
		began := r.Now()
		for range 2 {
			group.Go(func() {
				for range 20 {
					mu.Lock()
					_, err := f.Write([]byte("x"))
					assert.NoError(t, err)
					assert.NoError(t, f.Sync())
					mu.Unlock()
					assert.NoError(t, h.Sleep(time.Millisecond))
				}
			})
		}
		group.Wait()
		assert.Greater(t, r.Now()-began, 24*time.Millisecond, "20 sleeps, and 40 syncs of 0.1 ms at least")
		r.reboot()
		assert.Len(t, r.content("log"), 40)
	})
}

// A sync does not save the write that its host crashes in.
func TestCrashInWriteBeforeASync(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("f", "synced ")
		require.NoError(t, r.open("f").Sync())
		r.As("it").CrashInWrite("n1")
		r.on("n1", func(h *cluster.Host) {
			r.writeFrom(h, "f", "0123456789")
			f, err := h.Disk().Open("f")
			assert.NoError(t, err)
			assert.NoError(t, f.Sync())
			h.Send("n2", "never sent")
		})
		r.pass(time.Second)
		assert.Empty(t, r.took())
		r.Restart("n1")
		r.pass(time.Millisecond)
		got := r.content("f")
		assert.Equal(t, "synced 0123456789"[:len(got)], got)
		assert.Greater(t, len(got), len("synced "))
		assert.Less(t, len(got), len("synced 0123456789"))
		assert.Equal(t, 1, r.effect("it", "writes torn"))
	})
}

// A disk that hangs holds the host, and a blocking sync only who calls it.
func TestHungSync(t *testing.T) {
	for _, blocking := range []bool{false, true} {
		withFixture(t, func(t *testing.T, r *fixture) {
			r.As("it").ImpairDisk("n1", cluster.DiskImpairment{SlowSync: 3 * time.Second})
			r.pass(10 * time.Millisecond)
			h := r.host("n1")
			d := h.Disk()
			if blocking {
				d = d.Blocking()
			}
			f, err := d.Open("f")
			require.NoError(t, err)
			began := r.Now()
			var synced time.Duration
			var group sync.WaitGroup
			group.Go(func() {
				assert.NoError(t, f.Sync())
				synced = r.Now() - began
			})
			r.pass(time.Millisecond)
			assert.Equal(t, !blocking, r.AnyNodeBusy())
			h.Send("n2", "heartbeat")
			r.pass(10 * time.Second)
			group.Wait()
			got := r.took()
			require.Len(t, got, 1)
			if blocking {
				assert.Greater(t, synced, 3*time.Second)
				assert.Less(t, got[0].at-began, time.Second)
			} else {
				assert.Zero(t, synced)
				assert.Greater(t, got[0].at-began, 3*time.Second)
			}
			assert.Equal(t, 1, r.effect("it", "fsyncs delayed"))
		})
	}
}

// A crash keeps nothing that was done after a sync that it has undone.
func TestCrashKeepsOrder(t *testing.T) {
	for _, remains := range []cluster.Remains{cluster.Nothing, cluster.Prefix, cluster.Torn, cluster.Sectors} {
		withFixture(t, func(t *testing.T, r *fixture) {
			r.ImpairDisk("n1", cluster.DiskImpairment{Remains: remains, SlowSync: time.Second})
			for range 20 {
				r.on("n1", func(h *cluster.Host) {
					r.writeFrom(h, "first", "1")
					assert.NoError(t, h.Sync())
					r.writeFrom(h, "second", "2")
				})
				r.pass(10 * time.Millisecond)
				r.reboot()
				assert.Empty(t, r.content("second"), "its sync of what came first was not done")
				r.reboot()
			}
		})
	}
}

func TestDir(t *testing.T) {
	var dir string
	withFixture(t, func(t *testing.T, r *fixture) {
		var err error
		dir, err = r.host("n1").Dir()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o600))
		r.reboot()
		again, err := r.host("n1").Dir()
		require.NoError(t, err)
		assert.Equal(t, dir, again)
		assert.FileExists(t, filepath.Join(dir, "f"))
		other, err := r.host("n2").Dir()
		require.NoError(t, err)
		assert.NotEqual(t, dir, other)
	})
	assert.NoDirExists(t, dir)
	assert.NoDirExists(t, filepath.Dir(dir))
}

func TestLoopOfSyncs(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		f := r.open("f")
		for f.Sync() == nil {
		}
		r.pass(time.Second)
		assert.False(t, r.Up("n1"))
		found := r.Findings()
		require.Len(t, found, 1)
		assert.Contains(t, found[0].What, "at one instant")
		r.forgiven = true
	})
}
