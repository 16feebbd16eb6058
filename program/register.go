package program

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/template"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/workloads"
)

// A store is a client of a program that keeps integers.
type store interface {
	workloads.KV
	workloads.Swapper
}

// register is the workload of a client: that of package workloads, and before it a wait until all nodes are ready.
func register(open func(h *cluster.Host) (store, error), swaps bool, keys int, ready readiness) workloads.Workload {
	if keys == 0 {
		keys = 5
	}
	w := workloads.RegisterOver(func(_ context.Context, h *cluster.Host) (store, error) { return open(h) }, keys)
	if !swaps {
		w = workloads.RegisterOver(func(_ context.Context, h *cluster.Host) (workloads.KV, error) { return open(h) }, keys)
	}
	if ready.t == nil {
		return w
	}
	clientOf := w.Open
	w.Open = func(ctx context.Context, h *cluster.Host) (workloads.Client, error) {
		c, err := clientOf(ctx, h)
		return waiting{c, h}, err
	}
	w.Setup = func(ctx context.Context, c workloads.Client) error { return ready.wait(ctx, c.(waiting).host) }
	return w
}

// waiting is a client that can wait until nodes are ready.
type waiting struct {
	workloads.Client
	host *cluster.Host
}

// A readiness says when a node is ready: a URL answers with a status of 200 to 299, or an address takes a connection.
type readiness struct{ t *template.Template }

// parseReady reads "tcp:HOST:PORT" or a URL; empty if the clients don't wait.
func parseReady(text string) (readiness, error) {
	if text == "" {
		return readiness{}, nil
	}
	if !strings.HasPrefix(text, "tcp:") && !strings.HasPrefix(text, "http://") {
		return readiness{}, fmt.Errorf("ready %q is neither tcp:HOST:PORT nor an http URL", text)
	}
	t, err := parse("ready", text, example())
	return readiness{t}, err
}

// wait returns an error unless all nodes are ready.
func (r readiness) wait(ctx context.Context, h *cluster.Host) error {
	n, err := nodeOf(h, "")
	if err != nil {
		return err
	}
	client := newHTTPClient(h)
	defer client.CloseIdleConnections()
	for _, p := range n.Nodes {
		n.Name, n.Index, n.IP = p.Name, p.Index, p.IP
		text, err := expand(r.t, n)
		if err != nil {
			return err
		}
		if err := r.ask(ctx, h, client, text); err != nil {
			return fmt.Errorf("%s is not ready: %w", p.Name, err)
		}
	}
	return nil
}

func (r readiness) ask(ctx context.Context, h *cluster.Host, client *http.Client, text string) error {
	if address, ok := strings.CutPrefix(text, "tcp:"); ok {
		conn, err := h.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, text, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s answered %s", text, resp.Status)
	}
	return nil
}
