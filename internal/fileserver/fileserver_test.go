package fileserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served serves a folder with a page, a run below it, and a secret beside it.
func served(t *testing.T) *Server {
	t.Helper()
	above := t.TempDir()
	dir := filepath.Join(above, "reports")
	for name, text := range map[string]string{
		"secret.txt": "secret", "reports/index.html": "<p>index", "reports/run a%b/index.html": "<p>run", "reports/run a%b/history.jsonl": "{}\n",
		"reports/empty/x.svg": "<svg/>", "reports-other/index.html": "secret",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(above, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(above, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink(filepath.Join(above, "secret.txt"), filepath.Join(dir, "link.txt")))
	s, err := Listen(dir, 0)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-done, "it ends with its context")
		_ = s.Close()
	})
	return s
}

func get(t *testing.T, url string) (status int, typ, body string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(text)
}

func TestServesTheFolder(t *testing.T) {
	s := served(t)
	for file, want := range map[string]string{
		"": "<p>index", "index.html": "<p>index", "run a%b/": "<p>run", "run a%b": "<p>run", "run a%b/history.jsonl": "{}\n", "empty/x.svg": "<svg/>",
	} {
		status, typ, body := get(t, s.URL(file))
		assert.Equal(t, 200, status, file)
		assert.Equal(t, want, body, file)
		assert.NotEmpty(t, typ)
	}
	_, typ, _ := get(t, s.URL("run a%b/history.jsonl"))
	assert.Equal(t, "text/plain; charset=utf-8", typ)
	resp, err := http.Head(s.URL(""))
	require.NoError(t, err)
	assert.Equal(t, int64(len("<p>index")), resp.ContentLength)
	require.NoError(t, resp.Body.Close())
}

// ask sends a request as it is, and returns all of the answer.
func ask(t *testing.T, s *Server, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", s.l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, strings.ReplaceAll(request, "HOST", s.l.Addr().String()))
	require.NoError(t, err)
	answer, _ := io.ReadAll(c) // a reset is an answer too
	return string(answer)
}

// TestServesNothingElse asks for what is not below the folder, in many spellings.
func TestServesNothingElse(t *testing.T) {
	s := served(t)
	for _, target := range []string{
		"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/run/../../secret.txt", "//secret.txt", "/link.txt", "/..\\secret.txt", "/%5c..%5csecret.txt",
		"/gone", "/empty/", "/\x00", "/%00", "/../reports-other/index.html", "/./../secret.txt", "http://127.0.0.1/../secret.txt", "../secret.txt", "*",
	} {
		answer := ask(t, s, "GET "+target+" HTTP/1.1\r\nHost: HOST\r\n\r\n")
		assert.NotContains(t, answer, "secret", target)
		assert.Regexp(t, `^HTTP/1\.1 40[04] `, answer, target)
	}
}

func TestRefuses(t *testing.T) {
	s := served(t)
	for request, want := range map[string]string{
		"POST / HTTP/1.1\r\nHost: HOST\r\n\r\n":                "405",
		"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n":          "403", // a name that points here
		"GET / HTTP/1.1\r\n\r\n":                               "403",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n":          "403",
		"GET / SPDY\r\nHost: HOST\r\n\r\n":                     "400",
		"GET /\r\n\r\n":                                        "400",
		"GET / HTTP/1.1\r\nno header\r\n\r\n":                  "400",
		"GET / HTTP/1.1\r\nHost: HOST\r\nHost2: x\r\n\r\n":     "200",
		"GET /?query=1 HTTP/1.1\r\nHost: HOST\r\n\r\n":         "200",
		"GET /empty HTTP/1.1\r\nHost: HOST\r\n\r\n":            "301",
		"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead): "400",
	} {
		assert.Regexp(t, `^HTTP/1\.1 `+want+" ", ask(t, s, request), "%.80q", request)
	}
}

func TestListens(t *testing.T) {
	s := served(t)
	assert.True(t, strings.HasPrefix(s.URL(""), "http://127.0.0.1:"))
	assert.Equal(t, s.URL("")+"a%20b/%3Fc", s.URL("a b/?c"))
	_, err := Listen(filepath.Join(t.TempDir(), "gone"), 0)
	require.ErrorContains(t, err, "gone")
	var port int
	_, err = fmt.Sscanf(s.l.Addr().String(), "127.0.0.1:%d", &port)
	require.NoError(t, err)
	_, err = Listen(t.TempDir(), port)
	require.ErrorContains(t, err, "in use")
}
