package torture_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
)

// TestProgram runs a program on hosts that knows nothing of them: it is told of its host, answers on the simulated network, and ends
// without the process when it exits.
func TestProgram(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(4))
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Program(answer), Nodes: 2, Clients: 1, Seed: 1, Wait: synctest.Wait})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), time.Millisecond)
		var answers []string
		c.At(c.Now(), "c0", func() {
			go func() {
				for _, to := range []string{"n1:80", "10.0.0.2:80"} {
					answers = append(answers, ask(to))
				}
			}()
		})
		c.Sleep(t.Context(), time.Second)
		const want = "n1 of 4, [127.0.0.1/8 10.0.0.1/8]; n2 of 4, [127.0.0.1/8 10.0.0.2/8]"
		if got := strings.Join(answers, "; "); got != want {
			t.Errorf("the answers are %s, and not %s", got, want)
		}
		if f := c.Findings(); len(f) != 2 || f[0].Kind != cluster.Exited || f[1].Kind != cluster.Panicked {
			t.Errorf("the findings are %v", f)
		}
	})
}

// answer is a server that answers once. Then n1 exits, and n2 panics.
func answer(h *cluster.Host) error {
	addrs, err := net.InterfaceAddrs()
	if err != nil || len(addrs) != 2 || !strings.HasPrefix(addrs[1].String(), "10.0.0.") {
		return fmt.Errorf("the addresses are %v, %w", addrs, err) // those of the real machine: there is nothing to try
	}
	l, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	fmt.Fprintf(conn, "%s of %d, %v", name, runtime.NumCPU(), addrs)
	if err := conn.Close(); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	if h.Name() == "n1" {
		os.Exit(3)
	}
	go func() { panic("out of order") }()
	return nil
}

func ask(to string) string {
	c, err := net.Dial("tcp", to)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
