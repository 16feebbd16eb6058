package unmodified_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// serve is a server as in production: it keeps each register in a file, and syncs it before any client is told of the value.
func serve(*cluster.Host) error {
	var mu sync.Mutex
	return http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		f, err := os.OpenFile(path.Base(r.URL.Path), os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil && r.Method == http.MethodPut {
			_, err = fmt.Fprintf(f, "%20s", r.FormValue("value"))
			err = errors.Join(err, f.Sync())
		} else if err == nil {
			_, err = io.Copy(w, f)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
}

// client is a client of that server: code as in production, too.
type client struct{ url string }

func open(context.Context, *cluster.Host) (client, error) { return client{"http://n1:8080/"}, nil }

func (c client) do(ctx context.Context, method, what string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+what, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return strings.TrimSpace(string(b)), errors.Join(err, resp.Body.Close())
}

func (c client) Get(ctx context.Context, key string) (int, error) {
	text, err := c.do(ctx, http.MethodGet, key)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.Atoi(text)
}

func (c client) Put(ctx context.Context, key string, value int) error {
	_, err := c.do(ctx, http.MethodPut, fmt.Sprint(key, "?value=", value))
	return err
}

func (client) Close() error { return nil }

func TestServer(t *testing.T) {
	capsize.Run(t, capsize.Test{
		System: cluster.Program(serve), Workload: workloads.Register(open), Nodes: 1, Clients: 3,
		Nemesis:  nemesis.Every(3*time.Second, nemesis.Crashes(nemesis.Hosts("n1")), nemesis.Pauses(nemesis.Hosts("n1"))),
		Duration: 10 * time.Second,
	})
}
