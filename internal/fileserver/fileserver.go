// Package fileserver serves a folder of pages to the browser of this machine.
//
// It is a few lines of ours because net/http doubles the time of a first build of the command, and all that pages need is GET.
// Nothing outside of the folder is served, whatever a request asks for: [os.Root] sees to that, also for symbolic links. It listens on
// the loopback address, and answers only requests that name it as their host, so that no page of another site can read
// reports by a name that it lets point here.
package fileserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"path"
	"strings"
	"time"
)

// A Server serves a folder.
type Server struct {
	root *os.Root
	l    net.Listener
}

// Listen opens a folder, and a port of the loopback address; 0 is any that is free. Close the server in the end.
func Listen(dir string, port int) (*Server, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", dir, err)
	}
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		_ = root.Close() // it was read only
		return nil, fmt.Errorf("serve %s: %w", dir, err)
	}
	return &Server{root, l}, nil
}

// URL returns the address of a file of the folder, given by its path with slashes; "" is the folder.
func (s *Server) URL(file string) string {
	u := url.URL{Scheme: "http", Host: s.l.Addr().String(), Path: "/" + file}
	return u.String()
}

// Close stops listening.
func (s *Server) Close() error { return errors.Join(s.l.Close(), s.root.Close()) }

// Serve answers requests until ctx ends, and then returns nil.
func (s *Server) Serve(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = s.l.Close() })()
	for {
		c, err := s.l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		go s.answer(c)
	}
}

// Limits of a request, and how long a peer may take.
const (
	maxHead = 16 << 10
	patient = 30 * time.Second
)

// answer reads one request, answers it, and closes the connection.
func (s *Server) answer(c net.Conn) {
	defer func() { _ = c.Close() }() // the peer sees what it got
	if c.SetDeadline(time.Now().Add(patient)) != nil {
		return
	}
	r := textproto.NewReader(bufio.NewReader(io.LimitReader(c, maxHead)))
	line, err := r.ReadLine()
	if err != nil {
		return
	}
	head, err := r.ReadMIMEHeader()
	if err != nil {
		fail(c, "400 Bad Request")
		return
	}
	method, rest, _ := strings.Cut(line, " ")
	target, protocol, _ := strings.Cut(rest, " ")
	switch {
	case !strings.HasPrefix(protocol, "HTTP/1."):
		fail(c, "400 Bad Request")
	case !s.isHost(head.Get("Host")):
		fail(c, "403 Forbidden")
	case method != "GET" && method != "HEAD":
		fail(c, "405 Method Not Allowed")
	default:
		s.file(c, target, method == "GET")
	}
}

// isHost reports whether a request asks for this server, by its address or as localhost.
func (s *Server) isHost(host string) bool {
	name, port, err := net.SplitHostPort(host)
	_, own, _ := net.SplitHostPort(s.l.Addr().String()) // it has a port
	return err == nil && port == own && (name == "127.0.0.1" || strings.EqualFold(name, "localhost"))
}

// file sends a file, or the index.html of a folder.
func (s *Server) file(c net.Conn, target string, body bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		fail(c, "400 Bad Request")
		return
	}
	name := strings.TrimPrefix(u.Path, "/")
	if name == "" {
		name = "."
	}
	name = strings.TrimSuffix(name, "/")
	if !fs.ValidPath(name) || strings.Contains(name, "\\") { // with "..", an empty part, or a separator of another system
		fail(c, "404 Not Found")
		return
	}
	f, err := s.root.Open(name)
	if err == nil {
		var info fs.FileInfo
		if info, err = f.Stat(); err == nil && info.IsDir() {
			_ = f.Close() // it was read only
			if !strings.HasSuffix(u.Path, "/") {
				redirect(c, u.EscapedPath()+"/")
				return
			}
			name = path.Join(name, "index.html")
			f, err = s.root.Open(name)
		}
	}
	if err != nil {
		fail(c, "404 Not Found")
		return
	}
	defer func() { _ = f.Close() }() // it was read only
	send(c, f, name, body)
}

// send sends a file with its type.
func send(c net.Conn, f *os.File, name string, body bool) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		fail(c, "404 Not Found")
		return
	}
	_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n", typeOf(name), info.Size(), common)
	if err == nil && body {
		_, _ = io.CopyN(c, f, info.Size()) // the peer sees by the length that something is missing
	}
}

// common are the headers of every answer.
const common = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n"

// typeOf returns the type of a file. What is no page or picture is shown as text.
func typeOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html", ".svg", ".png", ".css", ".xml", ".pdf":
		return mime.TypeByExtension(ext)
	case ".json":
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

func fail(c net.Conn, status string) {
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n%s\r\n%s\n", status, len(status)+1, common, status) // the peer has gone
}

func redirect(c net.Conn, to string) {
	_, _ = fmt.Fprintf(c, "HTTP/1.1 301 Moved Permanently\r\nLocation: %s\r\nContent-Length: 0\r\n%s\r\n", to, common) // the same
}
