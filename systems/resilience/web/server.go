package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// Serve serves HTTP on a host until ctx is done, which closes all connections, as the end of a process does.
func Serve(ctx context.Context, h *cluster.Host, addr string, handler http.Handler) error {
	l, err := h.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("web: listen on %s%s: %w", h.Name(), addr, err)
	}
	server := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(h.Log().Handler(), slog.LevelInfo)}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	return server.Serve(l)
}

// Handle returns next with each request recorded as work of the host, from when it was read until next returns. The ctx of the
// request has its [Call] and, if one was propagated, its deadline; it ends too when the client closes the connection,
// as package http has it. The body is read whole first: otherwise whether next sees a client go away that is
// gone already would be chance.
func Handle(h *cluster.Host, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		c := received(r)
		ctx, cancel := Until(With(r.Context(), c), h, c.Deadline)
		defer cancel()
		status := &statusWriter{ResponseWriter: w}
		_ = h.Do(ctx, In(ctx, "work", h.Name()), func(ctx context.Context) (any, error) {
			next.ServeHTTP(status, r.WithContext(ctx))
			return status.outcome(h.Name())
		})
	})
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader writes the status.
func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap returns the writer below, for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// outcome returns how the work ended.
func (w *statusWriter) outcome(node string) (any, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return model.Answer{Code: w.code, From: node}, statusError(w.code)
}

// statusError returns the error that a status stands for; nil for success. Statuses by which a server refuses a request say that it
// did nothing.
func statusError(code int) error {
	err := fmt.Errorf("%d %s", code, http.StatusText(code))
	switch {
	case code < 400:
		return nil
	case code < 500, code == http.StatusServiceUnavailable:
		return cluster.Failed(err)
	}
	return err
}
