package torture_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
)

// TestFiles crashes a program that has written two files: that which it has synced is there, and the other is not.
func TestFiles(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(4))
	synctest.Test(t, func(t *testing.T) {
		boots, found := 0, ""
		c, err := cluster.New(cluster.Config{Nodes: 1, Seed: 1, Wait: synctest.Wait, System: cluster.Program(func(h *cluster.Host) error {
			dir, err := h.Dir()
			if boots++; boots > 1 || err != nil {
				for _, name := range []string{"synced", "written"} {
					if _, err := os.Stat(dir + "/" + name); err == nil {
						found += name + " "
					}
				}
				return err
			}
			f, err := os.Create(dir + "/synced")
			if err != nil {
				return err
			}
			if err := f.Sync(); err != nil {
				return err
			}
			return os.WriteFile(dir+"/written", nil, 0o600)
		})})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), time.Second)
		c.Crash("n1")
		c.Sleep(t.Context(), time.Second)
		c.Restart("n1")
		c.Sleep(t.Context(), time.Second)
		if f := c.Findings(); len(f) > 0 || boots != 2 || found != "synced " {
			t.Errorf("after %d boots there is %q; %v", boots, found, f)
		}
	})
}
