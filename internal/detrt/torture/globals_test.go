package torture_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
)

// TestGlobals has two nodes use what Go's library has once in a process, and the second one again after a crash: each life has its own.
func TestGlobals(t *testing.T) {
	needsRuntime(t)
	schedule.Start(1, schedule.Random(0))
	var logged bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Program(global), Nodes: 2, Clients: 1, Seed: 1, Wait: synctest.Wait, Log: &logged})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer c.Stop(time.Second)
		c.Sleep(t.Context(), 100*time.Millisecond)
		var answers []string
		asks := func() {
			go func() {
				for _, to := range []string{"n1/name", "n2/name", "n1/none"} {
					answers = append(answers, fetch(to))
				}
			}()
		}
		c.At(c.Now(), "c0", asks)
		c.Sleep(t.Context(), time.Second)
		c.Crash("n2")
		c.Sleep(t.Context(), time.Second)
		c.Restart("n2")
		c.Sleep(t.Context(), time.Second)
		c.At(c.Now(), "c0", asks)
		c.Sleep(t.Context(), time.Second)
		const want = "200 n1 [n1] [n1]; 200 n2 [n2] [n2]; 404; 200 n1 [n1] [n1]; 200 n2 [n2] [n2]; 404"
		if got := strings.Join(answers, "; "); got != want {
			t.Errorf("the answers are %s, and not %s", got, want)
		}
		if f := c.Findings(); len(f) > 0 {
			t.Errorf("the findings are %v", f)
		}
	})
	if log.Prefix() != "" || strings.Contains(logged.String(), "time=") {
		t.Errorf("the prefix of the process is %q, and the hosts logged\n%s", log.Prefix(), logged.String())
	}
	for _, line := range []string{"[n1] standard", "[n2] standard"} {
		if !strings.Contains(logged.String(), line) {
			t.Errorf("no host logged %q but\n%s", line, logged.String())
		}
	}
}

// global is a server that uses what the process has once.
func global(h *cluster.Host) error {
	log.SetPrefix("[" + h.Name() + "] ")
	log.SetFlags(0)
	log.Print("standard")
	var own bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&own, nil)).With("own", log.Prefix()))
	http.HandleFunc("/name", func(w http.ResponseWriter, _ *http.Request) {
		own.Reset()
		slog.Info("asked")
		_, name, _ := strings.Cut(own.String(), "own=")
		fmt.Fprint(w, " ", h.Name(), " ", strings.TrimSpace(log.Prefix()), " ", strings.Trim(name, "\" \n"))
	})
	return http.ListenAndServe(":80", nil)
}

// fetch returns the status and the body of a page.
func fetch(url string) string {
	client := http.Client{Timeout: 500 * time.Millisecond}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + url)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Sprint(resp.StatusCode)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(resp.StatusCode) + string(b)
}
