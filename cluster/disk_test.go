package cluster_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// open opens a file on n1.
func (r *fixture) open(name string) *cluster.File {
	f, err := r.host("n1").Disk().Open(name)
	require.NoError(r.t, err)
	return f
}

// write appends to a file on n1.
func (r *fixture) write(name, data string) {
	_, err := r.open(name).Write([]byte(data))
	require.NoError(r.t, err)
}

// content reads a file on n1.
func (r *fixture) content(name string) string {
	b, err := io.ReadAll(r.open(name))
	require.NoError(r.t, err)
	return string(b)
}

// sync has n1 sync its disk and waits until that is done.
func (r *fixture) sync() error {
	err := r.host("n1").Sync()
	r.pass(10 * time.Millisecond)
	return err
}

// reboot crashes n1, in the name of a fault, and boots it.
func (r *fixture) reboot() {
	r.As("reboot").Crash("n1")
	r.pass(time.Millisecond)
	r.Restart("n1")
	r.pass(time.Millisecond)
}

func TestCrashLosesWhatWasNotSynced(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("a", "kept ")
		require.NoError(t, r.sync())
		r.write("a", "lost")
		r.write("b", "lost too")
		assert.Equal(t, "kept lost", r.content("a"))
		r.reboot()
		assert.Equal(t, "kept ", r.content("a"))
		assert.Equal(t, []string{"a"}, r.host("n1").Disk().List())
		assert.Equal(t, 12, r.effect("reboot", "bytes lost at a crash"))
	})
}

// A process that is killed on a machine that runs on loses nothing that it wrote, synced or not.
func TestCrashKeepsEverything(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal := r.As("kill").ImpairDisk("n1", cluster.DiskImpairment{Remains: cluster.Everything})
		r.write("a", "kept")
		require.NoError(t, r.host("n1").Disk().Rename("a", "b"))
		r.reboot()
		assert.Equal(t, []string{"b"}, r.host("n1").Disk().List())
		assert.Equal(t, "kept", r.content("b"))
		assert.Zero(t, r.effect("reboot", "bytes lost at a crash"))
		heal()
		r.reboot()
		assert.Equal(t, "kept", r.content("b"), "it is durable from then on")
	})
}

// A sync on the message seam takes its time: a crash before it is done undoes it.
func TestCrashInASync(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("a", "x")
		r.on("n1", func(h *cluster.Host) {
			assert.NoError(t, h.Sync())
			h.Send("n2", "synced")
		})
		r.reboot()
		r.pass(time.Second)
		assert.Empty(t, r.content("a"))
		assert.Empty(t, r.took(), "no message about what was lost has left")
	})
}

func TestFileSyncIsForOneFile(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("a", "a")
		r.write("b", "b")
		require.NoError(t, r.open("a").Sync())
		require.NoError(t, r.host("n1").Disk().Rename("a", "c"))
		r.reboot()
		assert.Equal(t, "a", r.content("a"))
		assert.Equal(t, []string{"a"}, r.host("n1").Disk().List())
	})
}

func TestTruncateAndOverwrite(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("a", "0123456789")
		require.NoError(t, r.sync())
		f := r.open("a")
		require.NoError(t, f.Truncate(4))
		_, err := f.WriteAt([]byte("xy"), 6)
		require.NoError(t, err)
		assert.Equal(t, "0123\x00\x00xy", r.content("a"))
		r.reboot()
		assert.Equal(t, "0123456789", r.content("a"))
		f = r.open("a")
		require.NoError(t, f.Truncate(4))
		_, err = f.WriteAt([]byte("xy"), 6)
		require.NoError(t, err)
		require.NoError(t, r.sync())
		require.NoError(t, r.host("n1").Disk().Rename("a", "b"))
		require.NoError(t, r.host("n1").Disk().Remove("b"))
		r.reboot()
		assert.Equal(t, "0123\x00\x00xy", r.content("a"))
	})
}

// reboots writes records of 300 bytes that are not synced, reboots with what
// remains, and returns what it found, over many lives.
func reboots(t *testing.T, remains cluster.Remains) (found []string, torn int) {
	withFixture(t, func(t *testing.T, r *fixture) {
		heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{Remains: remains})
		for life := range 40 {
			name := fmt.Sprint("f", life)
			r.write(name, "")
			require.NoError(t, r.sync())
			for i := range 10 {
				r.write(name, string(bytes.Repeat([]byte{byte('a' + i)}, 300)))
			}
			r.reboot()
			found = append(found, r.content(name))
		}
		torn = r.effect("it", "writes torn")
		heal()
		r.write("healed", "x")
		require.NoError(t, r.sync())
		r.write("healed", "lost")
		r.reboot()
		assert.Equal(t, "x", r.content("healed"))
	})
	return found, torn
}

// written is what reboots has written, whole.
var written = func() string {
	var b []byte
	for i := range 10 {
		b = append(b, bytes.Repeat([]byte{byte('a' + i)}, 300)...)
	}
	return string(b)
}()

func TestCrashKeepsAPrefix(t *testing.T) {
	found, _ := reboots(t, cluster.Prefix)
	lengths := map[int]bool{}
	for _, s := range found {
		assert.Zero(t, len(s)%300)
		assert.Equal(t, written[:len(s)], s)
		lengths[len(s)] = true
	}
	assert.Greater(t, len(lengths), 5)
}

func TestCrashTearsAWrite(t *testing.T) {
	found, torn := reboots(t, cluster.Torn)
	partly := 0
	for _, s := range found {
		assert.Equal(t, written[:len(s)], s)
		if len(s)%300 != 0 {
			partly++
		}
	}
	assert.Greater(t, partly, 30)
	assert.Equal(t, partly, torn)
}

func TestCrashKeepsRandomSectors(t *testing.T) {
	found, _ := reboots(t, cluster.Sectors)
	holes := 0
	for _, s := range found {
		for i := range len(s) {
			if s[i] != 0 && s[i] != written[i] {
				t.Fatalf("byte %d is %q, which was never written there", i, s[i])
			}
		}
		if bytes.IndexByte([]byte(s), 0) >= 0 {
			holes++
		}
	}
	assert.Greater(t, holes, 20)
}

// What is replaced by a rename is the old or the new, whatever remains.
func TestRenameIsAtomic(t *testing.T) {
	for _, remains := range []cluster.Remains{cluster.Nothing, cluster.Prefix, cluster.Torn, cluster.Sectors} {
		withFixture(t, func(t *testing.T, r *fixture) {
			r.ImpairDisk("n1", cluster.DiskImpairment{Remains: remains})
			seen := map[string]bool{}
			for i := range 40 {
				r.write("f", "old")
				require.NoError(t, r.sync())
				r.write("f.new", "new content")
				require.NoError(t, r.host("n1").Disk().Rename("f.new", "f"))
				r.write("g", "another")
				r.reboot()
				got := r.content("f")
				assert.Contains(t, []string{"old", "new content"}, got, i)
				seen[got] = true
				for _, name := range r.host("n1").Disk().List() {
					require.NoError(t, r.host("n1").Disk().Remove(name))
				}
				require.NoError(t, r.sync())
			}
			assert.Equal(t, remains != cluster.Nothing, seen["new content"])
		})
	}
}

func TestCrashInWrite(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("f", "synced ")
		require.NoError(t, r.sync())
		r.As("it").CrashInWrite("n1")
		r.on("n1", func(h *cluster.Host) {
			r.writeFrom(h, "f", "0123456789")
			h.Send("n2", "never sent")
		})
		r.pass(time.Second)
		assert.False(t, r.Up("n1"))
		assert.Empty(t, r.took())
		r.Restart("n1")
		r.pass(time.Millisecond)
		got := r.content("f")
		assert.Equal(t, "synced 0123456789"[:len(got)], got)
		assert.Greater(t, len(got), len("synced "))
		assert.Less(t, len(got), len("synced 0123456789"))
		assert.Equal(t, 1, r.effect("it", "writes torn"))
		assert.Equal(t, 1, r.effect("it", "hosts crashed"))
		heal := r.CrashInWrite("n1")
		heal()
		r.write("f", "x")
		r.pass(time.Second)
		assert.True(t, r.Up("n1"))
	})
}

// writeFrom appends to a file, in an event of a host.
func (r *fixture) writeFrom(h *cluster.Host, name, data string) {
	f, err := h.Disk().Open(name)
	assert.NoError(r.t, err)
	_, err = f.Write([]byte(data))
	assert.NoError(r.t, err)
}

func TestFsyncLies(t *testing.T) {
	for _, seam := range []string{"message", "file"} {
		withFixture(t, func(t *testing.T, r *fixture) {
			r.write("f", "true ")
			require.NoError(t, r.sync())
			heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{Lie: true})
			r.write("f", "lie")
			if seam == "file" {
				require.NoError(t, r.open("f").Sync())
			} else {
				require.NoError(t, r.sync())
			}
			assert.Equal(t, 1, r.effect("it", "fsyncs that lied"))
			r.reboot()
			assert.Equal(t, "true ", r.content("f"))
			heal()
			r.write("f", "again")
			require.NoError(t, r.sync())
			r.reboot()
			assert.Equal(t, "true again", r.content("f"))
		})
	}
}

// After an fsync that failed, another succeeds and the data is gone all the same.
func TestFsyncFailsOnce(t *testing.T) {
	for _, seam := range []string{"message", "file"} {
		withFixture(t, func(t *testing.T, r *fixture) {
			r.As("it").ImpairDisk("n1", cluster.DiskImpairment{FailSyncs: 1})
			sync := func() error {
				if seam == "file" {
					return r.open("f").Sync()
				}
				return r.sync()
			}
			r.write("f", "gone")
			err := sync()
			require.ErrorIs(t, err, syscall.EIO)
			require.ErrorIs(t, err, cluster.ErrDisk)
			assert.Equal(t, "gone", r.content("f"), "the cache still shows it")
			require.NoError(t, sync())
			r.write("f", "kept")
			require.NoError(t, sync())
			r.reboot()
			assert.Equal(t, "\x00\x00\x00\x00kept", r.content("f"))
			assert.Equal(t, 1, r.effect("it", "fsyncs that failed"))
		})
	}
}

func TestDiskErrors(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("f", "x")
		f := r.open("f")
		heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{Full: true})
		_, err := f.Write([]byte("y"))
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorIs(t, err, cluster.ErrDisk)
		assert.Equal(t, "x", r.content("f"))
		heal()
		heal = r.As("it").ImpairDisk("n1", cluster.DiskImpairment{Fail: 1})
		_, err = f.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, syscall.EIO)
		require.ErrorIs(t, f.Sync(), syscall.EIO)
		require.ErrorIs(t, r.host("n1").Sync(), syscall.EIO)
		heal()
		r.write("f", "y")
		assert.Equal(t, "xy", r.content("f"))
		assert.Equal(t, 1, r.effect("it", "writes without space"))
		assert.Equal(t, 3, r.effect("it", "disk operations failed"))
	})
}

func TestSlowSync(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		took := func() time.Duration {
			r.took()
			began := r.Now()
			r.on("n1", func(h *cluster.Host) {
				assert.NoError(t, h.Sync())
				h.Send("n2", "done")
			})
			r.pass(10 * time.Second)
			got := r.took()
			require.Len(t, got, 1)
			return got[0].at - began
		}
		heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{SlowSync: 3 * time.Second})
		assert.Greater(t, took(), 3*time.Second)
		assert.Equal(t, 1, r.effect("it", "fsyncs delayed"))
		heal()
		assert.Less(t, took(), 25*time.Millisecond)
	})
}

func TestBitRot(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		pick := func(bit int64) func(int64) int64 { return func(int64) int64 { return bit } }
		_, _, err := r.FlipBit("n1", pick(0))
		require.ErrorContains(t, err, "empty")
		r.write("f", "aaaa")
		require.NoError(t, r.sync())
		_, heal1, err := r.As("it").FlipBit("n1", pick(8))
		require.NoError(t, err)
		_, heal3, err := r.As("it").FlipBit("n1", pick(24))
		require.NoError(t, err)
		assert.Equal(t, "a`a`", r.content("f"))
		assert.Equal(t, 2, r.effect("it", "reads that hit rot"))
		r.reboot()
		assert.Equal(t, "a`a`", r.content("f"), "it is on the disk")
		_, err = r.open("f").WriteAt([]byte("b"), 1)
		require.NoError(t, err)
		heal1()
		heal3()
		assert.Equal(t, "abaa", r.content("f"), "what was overwritten is left alone")
	})
}

func TestMisdirectedWrites(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.write("f", string(bytes.Repeat([]byte("."), 2000)))
		require.NoError(t, r.sync())
		heal := r.As("it").ImpairDisk("n1", cluster.DiskImpairment{Misdirect: 1})
		_, err := r.open("f").WriteAt([]byte("stray"), 100)
		require.NoError(t, err)
		require.NoError(t, r.sync())
		assert.Equal(t, "stray", r.content("f")[100:105], "the cache shows it where it belongs")
		r.reboot()
		got := r.content("f")
		assert.Equal(t, ".....", got[100:105])
		assert.Contains(t, got, "stray")
		assert.Equal(t, 1, r.effect("it", "writes misdirected"))
		heal()
		_, err = r.open("f").WriteAt([]byte("right"), 100)
		require.NoError(t, err)
		require.NoError(t, r.sync())
		r.reboot()
		assert.Equal(t, "right", r.content("f")[100:105])
	})
}

func TestDamageSparesAMajority(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		assert.True(t, r.ReserveDamage("n2"))
		assert.True(t, r.ReserveDamage("n2"))
		assert.False(t, r.ReserveDamage("n1"))
		assert.False(t, r.ReserveDamage("n3"))
	})
}

// A node that stops because its disk fails is no finding, and restarts.
func TestNodeThatGivesUpOnItsDisk(t *testing.T) {
	for _, way := range []string{"panic in a handler", "return of Run"} {
		t.Run(way, func(t *testing.T) {
			boots := 0
			sys := cluster.Func(func(ctx context.Context, h *cluster.Host) error {
				boots++
				write := func() error {
					f, err := h.Disk().Open("f")
					if err == nil {
						_, err = f.Write([]byte("x"))
					}
					if err != nil {
						return fmt.Errorf("store: %w", err)
					}
					return nil
				}
				if way == "return of Run" {
					for ctx.Err() == nil {
						if err := write(); err != nil {
							return err
						}
						if err := h.Sleep(100 * time.Millisecond); err != nil {
							return nil
						}
					}
					return nil
				}
				h.AfterFunc(100*time.Millisecond, func() {
					if err := write(); err != nil {
						panic(err)
					}
				})
				<-ctx.Done()
				return nil
			})
			synctest.Test(t, func(t *testing.T) {
				c, err := cluster.New(cluster.Config{System: sys, Nodes: 1, Seed: 7, Wait: synctest.Wait})
				require.NoError(t, err)
				require.NoError(t, c.Start())
				defer c.Stop(time.Second)
				heal := c.ImpairDisk("n1", cluster.DiskImpairment{Full: true})
				c.Sleep(t.Context(), 500*time.Millisecond)
				assert.False(t, c.Up("n1"))
				c.Sleep(t.Context(), 5*time.Second)
				heal()
				c.Sleep(t.Context(), 5*time.Second)
				assert.True(t, c.Up("n1"))
				assert.Greater(t, boots, 4)
				assert.Empty(t, c.Findings())
			})
		})
	}
}

// What reaches a node in the instant in which it gives up finds it gone.
func TestNothingFollowsAPanic(t *testing.T) {
	withFixture(t, func(t *testing.T, r *fixture) {
		r.ImpairDisk("n2", cluster.DiskImpairment{Full: true})
		calls := 0
		fail := func(h *cluster.Host) {
			calls++
			f, err := h.Disk().Open("f")
			assert.NoError(t, err)
			if _, err := f.Write([]byte("x")); err != nil {
				panic(err)
			}
		}
		r.host("n1").Send("n2", fail)
		r.host("n1").Send("n2", fail)
		r.pass(100 * time.Millisecond)
		assert.Equal(t, 1, calls)
		assert.False(t, r.Up("n2"))
	})
}
