package cluster_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/schedule"
)

// appender is a program that appends a line to a file again and again, and says which line it has written last.
func appender(sync bool, said func(n int)) func(h *cluster.Host) error {
	return func(h *cluster.Host) error {
		if h.Name() != "n1" {
			return nil
		}
		f, err := os.OpenFile("log", os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		n := len(linesOf("log"))
		for {
			n++
			if _, err := fmt.Fprintf(f, "line %d\n", n); err != nil {
				return err
			}
			if sync {
				if err := f.Sync(); err != nil {
					return err
				}
			}
			said(n)
			time.Sleep(time.Millisecond)
		}
	}
}

func linesOf(name string) (lines []string) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	for l := range strings.Lines(string(b)) {
		if strings.HasSuffix(l, "\n") {
			lines = append(lines, l)
		}
	}
	return lines
}

// TestProgramPowerCut cuts the power of a program that appends lines: with a sync for each none is lost that it has said of, in no seed,
// and without some are.
func TestProgramPowerCut(t *testing.T) {
	needRuntime(t)
	seeds := 5
	if tier.Sweeping() {
		seeds = 20
	}
	for _, sync := range []bool{true, false} {
		lost, crashes := 0, 0
		for seed := range uint64(seeds) {
			last := 0
			schedule.Start(seed, schedule.Random(4))
			withPrograms(t, appender(sync, func(n int) { last = n }), func(r *programs) {
				for i, remains := range []cluster.Remains{cluster.Nothing, cluster.Prefix, cluster.Torn, cluster.Sectors} {
					whole := r.As("power").ImpairDisk("n1", cluster.DiskImpairment{Remains: remains})
					r.pass(time.Duration(40+7*i)*time.Millisecond + time.Duration(seed)*100*time.Microsecond)
					r.As("power").Crash("n1")
					r.pass(time.Millisecond)
					said := last
					whole()
					r.Restart("n1")
					r.pass(time.Millisecond)
					kept := len(linesOf(r.file("n1", "log")))
					crashes++
					lost += max(0, said-kept)
					if sync {
						require.LessOrEqual(t, said, kept, "seed %d, %s", seed, remains)
					}
				}
			})
		}
		if sync {
			assert.Zero(t, lost)
		} else {
			assert.Positive(t, lost)
		}
		t.Logf("sync %v: %d lines lost in %d power cuts", sync, lost, crashes)
	}
}

// file returns the path of a file in the folder of a host's program.
func (r *programs) file(host, name string) string {
	return filepath.Join("/capsize", host, "data", name)
}

// on runs f as code of a host, and waits for it.
func (r *programs) on(host string, f func()) {
	done := make(chan struct{})
	r.At(r.Now(), host, func() {
		go func() {
			defer close(done)
			f()
		}()
	})
	<-done
}

var idle = func(*cluster.Host) error { return nil }

var programDiskTests = map[string]func(t *testing.T, r *programs){
	"folders of a machine": func(t *testing.T, r *programs) {
		for _, name := range []string{"n1", "n2"} {
			r.on(name, func() {
				home, err := os.UserHomeDir()
				require.NoError(t, err)
				wd, err := os.Getwd()
				require.NoError(t, err)
				assert.Equal(t, filepath.Dir(r.file(name, "x")), wd)
				for _, dir := range []string{home, os.TempDir(), ".", "/var/lib", wd} {
					path := filepath.Join(dir, "x", name)
					require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
					require.NoError(t, os.WriteFile(path, []byte(name), 0o600))
					all, err := os.ReadDir(filepath.Dir(path))
					require.NoError(t, err)
					require.Len(t, all, 1, path)
					assert.Equal(t, name, all[0].Name())
				}
				tmp, err := os.CreateTemp("", "")
				require.NoError(t, err)
				assert.NoError(t, tmp.Close())
				assert.NoError(t, os.RemoveAll("x"))
				_, err = os.Stat("x")
				assert.ErrorIs(t, err, os.ErrNotExist)
				_, err = os.Stat("/proc/self/maps")
				assert.NoError(t, err, "what a host has not is the machine's")
			})
		}
		_, err := os.Stat("/var/lib/x")
		assert.ErrorIs(t, err, os.ErrNotExist)
	},
	"outside of the folder": func(t *testing.T, r *programs) {
		name := filepath.Join(t.TempDir(), "shared")
		r.on("n1", func() {
			for range 2 {
				require.NoError(t, os.WriteFile(name, []byte("x"), 0o600))
			}
		})
		assert.Equal(t, 1, r.logged("changes "+name))
	},
	"errors": func(t *testing.T, r *programs) {
		for want, i := range map[syscall.Errno]cluster.DiskImpairment{ // order: each by itself
			syscall.EIO: {Fail: 1}, syscall.ENOSPC: {Full: true}, syscall.EROFS: {ReadOnly: true},
		} {
			r.on("n1", func() {
				f, err := os.Create("f")
				require.NoError(t, err)
				heal := r.As("disk").ImpairDisk("n1", i)
				_, err = f.WriteString("x")
				assert.ErrorIs(t, err, want)
				var path *os.PathError
				assert.True(t, errors.As(err, &path))
				heal()
				_, err = f.WriteString("y")
				require.NoError(t, err)
				b, err := os.ReadFile("f")
				require.NoError(t, err)
				assert.Equal(t, "y", string(b))
				require.NoError(t, f.Close())
			})
		}
		assert.NotEmpty(t, r.Effects())
	},
	"syncs": func(t *testing.T, r *programs) {
		r.on("n1", func() {
			f, err := os.Create("f")
			require.NoError(t, err)
			begin := time.Now()
			require.NoError(t, f.Sync())
			took := time.Since(begin)
			assert.True(t, 100*time.Microsecond <= took && took < time.Millisecond, "%v", took)
			heal := r.As("slow").ImpairDisk("n1", cluster.DiskImpairment{SlowSync: time.Second})
			begin = time.Now()
			require.NoError(t, syscall.Fdatasync(int(f.Fd())))
			assert.Greater(t, time.Since(begin), time.Second)
			heal()
			heal = r.As("fail").ImpairDisk("n1", cluster.DiskImpairment{FailSyncs: 1})
			_, err = f.WriteString("dropped")
			require.NoError(t, err)
			assert.ErrorIs(t, f.Sync(), syscall.EIO)
			require.NoError(t, f.Sync())
			heal()
			heal = r.As("lie").ImpairDisk("n1", cluster.DiskImpairment{Lie: true})
			_, err = f.WriteString("believed")
			require.NoError(t, err)
			require.NoError(t, f.Sync())
			heal()
		})
		r.Crash("n1")
		r.pass(time.Second)
		b, err := os.ReadFile(r.file("n1", "f"))
		require.NoError(t, err)
		assert.Empty(t, string(b))
		assert.Equal(t, int64(1), r.effect("slow", "fsyncs delayed"))
		assert.Equal(t, int64(1), r.effect("fail", "fsyncs that failed"))
		assert.Equal(t, int64(1), r.effect("lie", "fsyncs that lied"))
	},
	"a crash in a write": func(t *testing.T, r *programs) {
		r.As("torn").CrashInWrite("n1")
		after := false
		r.At(r.Now(), "n1", func() {
			go func() {
				f, _ := os.Create("f")
				_, _ = f.WriteString("0123456789")
				after = true
			}()
		})
		r.pass(time.Second)
		assert.False(t, after)
		assert.False(t, r.Up("n1"))
		b, err := os.ReadFile(r.file("n1", "f"))
		require.NoError(t, err)
		assert.True(t, 0 < len(b) && len(b) < 10, "%q", b)
		assert.Equal(t, int64(1), r.effect("torn", "writes torn"))
	},
	"a crash between a write and what follows": func(t *testing.T, r *programs) {
		wrote, after := false, false
		go func() {
			_ = r.Await(r.t.Context(), cluster.UnsyncedWrite)
			wrote = true
			r.As("power").Crash("n1")
		}()
		r.pass(time.Millisecond)
		r.At(r.Now(), "n1", func() {
			go func() {
				f, _ := os.Create("f")
				_, _ = f.WriteString("0123456789")
				after = true
			}()
		})
		r.pass(time.Second)
		assert.True(t, wrote)
		assert.False(t, after)
		assert.Equal(t, int64(10), r.effect("power", "bytes lost at a crash"))
	},
	"a crash in a sync": func(t *testing.T, r *programs) {
		synced := false
		go func() {
			_ = r.Await(r.t.Context(), cluster.SyncBegins)
			r.As("power").Crash("n1")
		}()
		r.pass(time.Millisecond)
		r.At(r.Now(), "n1", func() {
			go func() {
				f, _ := os.Create("f")
				_, _ = f.WriteString("0123456789")
				_ = f.Sync()
				synced = true
			}()
		})
		r.pass(time.Second)
		assert.False(t, synced)
		_, err := os.Stat(r.file("n1", "f"))
		assert.ErrorIs(t, err, os.ErrNotExist, "nothing was synced")
	},
	"what ends by itself loses nothing": func(t *testing.T, r *programs) {
		r.forgiven = true
		r.At(r.Now(), "n1", func() {
			go func() {
				_ = os.WriteFile("f", []byte("not synced"), 0o600)
				os.Exit(1)
			}()
		})
		r.pass(time.Second)
		assert.False(t, r.Up("n1"))
		b, err := os.ReadFile(r.file("n1", "f"))
		require.NoError(t, err)
		assert.Equal(t, "not synced", string(b))
	},
	"what ends because of its disk is no finding": func(t *testing.T, r *programs) {
		heal := r.As("disk").ImpairDisk("n1", cluster.DiskImpairment{FailSyncs: 1})
		r.At(r.Now(), "n1", func() {
			go func() {
				f, _ := os.Create("f")
				_, _ = f.WriteString("x")
				panic(f.Sync())
			}()
		})
		r.pass(100 * time.Millisecond)
		assert.False(t, r.Up("n1"))
		heal()
		r.pass(time.Second)
		assert.True(t, r.Up("n1"), "it restarts, as under a supervisor")
	},
	"locks and maps of the dead": func(t *testing.T, r *programs) {
		use := func() {
			f, err := os.OpenFile("f", os.O_RDWR|os.O_CREATE, 0o600)
			require.NoError(t, err)
			require.NoError(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
			_, err = f.WriteAt([]byte("page"), 0)
			require.NoError(t, err)
			require.NoError(t, f.Sync())
			b, err := syscall.Mmap(int(f.Fd()), 0, 4, syscall.PROT_READ, syscall.MAP_SHARED)
			require.NoError(t, err)
			assert.Equal(t, "page", string(b))
			_, err = f.WriteAt([]byte("PAGE"), 0)
			require.NoError(t, err)
			assert.Equal(t, "PAGE", string(b), "it reads by map what it writes")
		}
		for range 3 {
			r.on("n1", use)
			r.Crash("n1")
			r.pass(time.Second)
			b, err := os.ReadFile(r.file("n1", "f"))
			require.NoError(t, err)
			assert.Equal(t, "page", string(b))
			r.Restart("n1")
			r.pass(time.Second)
		}
		r.on("n1", func() {
			f, err := os.OpenFile("f", os.O_RDWR, 0)
			require.NoError(t, err)
			_, err = syscall.Mmap(int(f.Fd()), 0, 4, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			require.NoError(t, err)
		})
		assert.Equal(t, 1, r.logged("writes data/f through a map"))
	},
	"rot": func(t *testing.T, r *programs) {
		read := func() (b []byte) {
			r.on("n1", func() {
				var err error
				b, err = os.ReadFile("f")
				require.NoError(t, err)
			})
			return b
		}
		r.on("n1", func() {
			require.NoError(t, os.WriteFile("f", []byte{0}, 0o600))
			f, err := os.Open("f")
			require.NoError(t, err)
			require.NoError(t, f.Sync())
		})
		where, heal, err := r.As("rot").FlipBit("n1", func(n int64) int64 {
			assert.Equal(t, int64(8), n)
			return 3
		})
		require.NoError(t, err)
		assert.Equal(t, "n1: byte 0 of data/f", where)
		assert.Equal(t, []byte{8}, read())
		heal()
		assert.Equal(t, []byte{0}, read())
		assert.Equal(t, int64(1), r.effect("rot", "reads that hit rot"))
	},
}

// logged counts the lines of the log with a text.
func (r *programs) logged(text string) (n int) {
	var b strings.Builder
	_, err := r.Logs().WriteTo(&b)
	require.NoError(r.t, err)
	return strings.Count(b.String(), text)
}

func (r *programs) effect(fault, what string) int64 {
	for _, e := range r.Effects() {
		if e.Fault == fault && e.What == what {
			return e.Count
		}
	}
	return 0
}

func TestProgramDisk(t *testing.T) {
	needRuntime(t)
	for name, test := range programDiskTests { // order: subtests
		t.Run(name, func(t *testing.T) {
			for i, s := range []schedule.Schedule{schedule.FirstCome(), schedule.Random(2)} {
				schedule.Start(uint64(i), s)
				withPrograms(t, idle, func(r *programs) { test(t, r) })
			}
		})
	}
}
