package service

import (
	"context"
	"net/http"
	"path/filepath"

	"github.com/capsize-go/capsize/cluster"
)

// primary is the node with the database.
const primary = "n1"

// A Service is registers behind HTTP: a database on n1, proxies on the other nodes. The zero Service is linearizable.
type Service struct{ Bugs Bug }

var _ cluster.Unmodified = Service{}

// Unmodified marks a system of programs that know nothing of the simulation.
func (Service) Unmodified() {}

// Run runs one node until its host crashes.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	return cluster.Program(s.boot).Run(ctx, h)
}

// boot is the main function of a node.
func (s Service) boot(h *cluster.Host) error {
	if h.Name() != primary {
		return http.ListenAndServe(":80", newProxy("http://"+primary))
	}
	dir, err := h.Dir()
	if err != nil {
		return err
	}
	st, err := openStore(filepath.Join(dir, "registers.db"), s.synchronous())
	if err != nil {
		return err
	}
	return http.ListenAndServe(":80", st)
}

// synchronous returns the setting of SQLite.
func (s Service) synchronous() string {
	switch {
	case s.Bugs&NoSync != 0:
		return "OFF"
	case s.Bugs&NormalSync != 0:
		return "NORMAL"
	}
	return "FULL"
}
