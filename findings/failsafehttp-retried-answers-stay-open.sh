#!/usr/bin/env bash
# github.com/failsafe-go/failsafe-go v0.9.8, package failsafehttp
#
# What one would guess: a round tripper that retries an answer with status 503 closes the body of that
# answer before it tries again. The caller has never seen that answer, so no one else can close it;
# net/http asks for it ("the client must close the response body when finished with it").
# What happens: the body stays open, and its connection with it. Each retry dials anew. With
# Transport.MaxConnsPerHost the retry waits for the connection that its own first answer
# holds, until the deadline of the request.
#
# A server on loopback that answers each request twice with 503 and a body, and then with 200; five
# requests, one after another, each with a body that is read and closed. Output seen, go1.26.8:
#   closed by hand: 5 of 5 requests ok, 15 attempts, 1 connections
#   failsafehttp: 5 of 5 requests ok, 15 attempts, 11 connections
#   failsafehttp, 503 without a body: 5 of 5 requests ok, 15 attempts, 1 connections
#   failsafehttp, MaxConnsPerHost 1: 0 of 5 requests ok, 5 attempts, 5 connections
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'GO'
module x

go 1.26.0

require github.com/failsafe-go/failsafe-go v0.9.8
GO
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
)

// byHand retries as one would without a library.
type byHand struct{ next http.RoundTripper }

func (t byHand) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		answer, err := t.next.RoundTrip(r)
		if err != nil || answer.StatusCode != 503 || try == 3 {
			return answer, err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

func failsafe(next http.RoundTripper) http.RoundTripper {
	retry := failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(2).WithDelay(10 * time.Millisecond).Build()
	return failsafehttp.NewRoundTripper(next, retry)
}

func run(name, body string, most int, wrap func(http.RoundTripper) http.RoundTripper) (ok, attempts, conns int) {
	var asked, ofThis, dialled atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if ofThis.Add(1) < 3 {
			w.WriteHeader(503)
			_, _ = io.WriteString(w, body)
			return
		}
		_, _ = io.WriteString(w, "done")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dialled.Add(1)
		}
	}
	server.Start()
	transport := &http.Transport{MaxConnsPerHost: most}
	client := http.Client{Transport: wrap(transport)}
	for range 5 {
		ofThis.Store(0)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		if answer, err := client.Do(r); err == nil {
			if _, err := io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode == 200 {
				ok++
			}
			answer.Body.Close()
		}
		cancel()
	}
	transport.CloseIdleConnections()
	server.CloseClientConnections()
	attempts, conns = int(asked.Load()), int(dialled.Load())
	fmt.Printf("%s: %d of 5 requests ok, %d attempts, %d connections\n", name, ok, attempts, conns)
	return ok, attempts, conns
}

func main() {
	text := strings.Repeat("the database does not answer\n", 100)
	_, _, one := run("closed by hand", text, 0, func(next http.RoundTripper) http.RoundTripper { return byHand{next} })
	_, _, many := run("failsafehttp", text, 0, failsafe)
	_, _, empty := run("failsafehttp, 503 without a body", "", 0, failsafe)
	none, _, _ := run("failsafehttp, MaxConnsPerHost 1", text, 1, failsafe)
	if one != 1 || many != 11 || empty != 1 || none != 0 {
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .
