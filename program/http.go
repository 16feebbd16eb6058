package program

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/workloads"
)

// HTTP says how a program is asked by HTTP. Requests are templates of [Call]: a URL, with the method before it if it is not the usual one,
// as "POST http://{{.Name}}:8080/kv/{{.Key}}?value={{.Value}}".
//
// A status of 200 to 299 is a success, of a read with the value in the body, a decimal integer. What no status settles is
// indeterminate: a write whose answer did not come, or was of another status, may have happened, now or later.
type HTTP struct {
	Get string // reads; the usual method is GET
	Put string // writes; PUT
	CAS string // compares and swaps; POST; empty if the program can't

	PutBody string   // default {{.Value}}, or nothing if {{.Value}} is in the URL
	CASBody string   // default nothing
	Header  []string // "Name: value" of all requests

	NotFound []int  // statuses of a read of what was never written; default 404
	Failed   []int  // statuses that say for certain that nothing was written; default 409 and 412
	Field    string // of the JSON object in the body that has the value, as "value" or "node.value"; default: the body is the value

	Ready string // when a node is ready, "tcp:HOST:PORT" or a URL, a template of [Node]; the clients wait for all. Default: they don't wait
	Keys  int    // how many there are, k0, k1, …; default 5
}

// Register returns the workload of reads, writes and, if there is a CAS, compare-and-swaps, each key linearizable. See [workloads.Register].
// The error names the template that is wrong.
func (x HTTP) Register() (workloads.Workload, error) {
	var none workloads.Workload
	if x.Get == "" || x.Put == "" {
		return none, fmt.Errorf("get and put are needed, the URLs to read and to write at")
	}
	if x.NotFound == nil {
		x.NotFound = []int{http.StatusNotFound}
	}
	if x.Failed == nil {
		x.Failed = []int{http.StatusConflict, http.StatusPreconditionFailed}
	}
	if x.PutBody == "" && !strings.Contains(x.Put, ".Value") {
		x.PutBody = "{{.Value}}"
	}
	ready, err := parseReady(x.Ready)
	if err != nil {
		return none, err
	}
	p := httpProtocol{HTTP: x, header: http.Header{}}
	for _, line := range x.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return none, fmt.Errorf(`header %q is not "Name: value"`, line)
		}
		p.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	for _, r := range []struct {
		to                       *request
		what, method, text, body string
	}{
		{&p.get, "get", http.MethodGet, x.Get, ""}, {&p.put, "put", http.MethodPut, x.Put, x.PutBody}, {&p.cas, "cas", http.MethodPost, x.CAS, x.CASBody},
	} {
		if *r.to, err = parseRequest(r.what, r.method, r.text, r.body); err != nil {
			return none, err
		}
	}
	return register(p.open, x.CAS != "", x.Keys, ready), nil
}

// A request is a parsed template of one.
type request struct {
	method    string
	url, body *template.Template
}

func parseRequest(what, method, text, body string) (r request, err error) {
	if first, rest, ok := strings.Cut(text, " "); ok && first != "" && strings.ToUpper(first) == first {
		method, text = first, strings.TrimSpace(rest)
	}
	r.method = method
	call := Call{Node: example(), Key: "k0", Value: 2, Old: 1}
	if r.url, err = parse(what, text, call); err != nil {
		return r, err
	}
	if r.body, err = parse(what+" body", body, call); err != nil || text == "" {
		return r, err
	}
	full, err := expand(r.url, call)
	if err == nil && !strings.HasPrefix(full, "http://") {
		err = fmt.Errorf("%s %q is no URL that begins with http://", what, text)
	}
	return r, err
}

// An httpProtocol is an [HTTP] whose templates are parsed.
type httpProtocol struct {
	HTTP
	get, put, cas request
	header        http.Header
}

// notSent is the error of a connection that could not be made: nothing was sent, so nothing has happened.
type notSent struct{ error }

func (e notSent) Unwrap() error      { return e.error }
func (e notSent) DidNotHappen() bool { return true }

// newHTTPClient returns a client on a host. It follows redirects, and keeps connections.
func newHTTPClient(h *cluster.Host) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := h.DialContext(ctx, network, address)
		if err != nil {
			return nil, notSent{err}
		}
		return conn, nil
	}}}
}

func (p httpProtocol) open(h *cluster.Host) (store, error) {
	n, err := nodeOf(h, "")
	return &httpClient{p, n, newHTTPClient(h)}, err
}

// An httpClient is bound to a node.
type httpClient struct {
	httpProtocol
	node Node
	http *http.Client
}

// Get reads a key.
func (c *httpClient) Get(ctx context.Context, key string) (int, error) {
	status, body, err := c.do(ctx, c.get, Call{Key: key})
	switch {
	case err != nil:
		return 0, err
	case succeeded(status):
		return c.value(body)
	case slices.Contains(c.NotFound, status):
		return model.Nil, nil
	}
	return 0, unexpected(status, body)
}

// Put writes a key.
func (c *httpClient) Put(ctx context.Context, key string, value int) error {
	status, body, err := c.do(ctx, c.put, Call{Key: key, Value: value})
	if err != nil {
		return err
	}
	return c.judge(status, body)
}

// CAS compares and swaps. A program that refuses need not say what it found.
func (c *httpClient) CAS(ctx context.Context, key string, old, value int) (int, error) {
	if old == model.Nil {
		return 0, fmt.Errorf("%w: there is no value to compare with", workloads.ErrFail)
	}
	status, body, err := c.do(ctx, c.cas, Call{Key: key, Old: old, Value: value})
	if err == nil {
		err = c.judge(status, body)
	}
	return old, err
}

// judge returns the error of a write that was answered with a status.
func (c *httpClient) judge(status int, body string) error {
	switch {
	case succeeded(status):
		return nil
	case slices.Contains(c.Failed, status):
		return fmt.Errorf("%w: %w", workloads.ErrFail, unexpected(status, body))
	}
	return unexpected(status, body)
}

func succeeded(status int) bool { return status >= 200 && status <= 299 }

func unexpected(status int, body string) error {
	const most = 80
	if body = strings.TrimSpace(body); len(body) > most {
		body = body[:most] + "…"
	}
	return fmt.Errorf("status %d: %q", status, body)
}

// do makes a request.
func (c *httpClient) do(ctx context.Context, r request, call Call) (status int, body string, err error) {
	call.Node = c.node
	url, err := expand(r.url, call)
	if err != nil {
		return 0, "", notSent{err}
	}
	if body, err = expand(r.body, call); err != nil {
		return 0, "", notSent{err}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", notSent{err}
	}
	req.Header = c.header.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// value reads the value in the body of an answer.
func (c *httpClient) value(body string) (int, error) {
	text := strings.TrimSpace(body)
	if c.Field != "" {
		var at any
		d := json.NewDecoder(strings.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&at); err != nil {
			return 0, fmt.Errorf("the answer %q is no JSON: %w", text, err)
		}
		for name := range strings.SplitSeq(c.Field, ".") {
			object, _ := at.(map[string]any)
			if at = object[name]; at == nil {
				return model.Nil, nil // the field is missing or null: there is no value
			}
		}
		text = fmt.Sprint(at)
	}
	v, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil {
		return 0, fmt.Errorf("the answer %q has no integer: %w", text, err)
	}
	return v, nil
}

// Close drops the connections that are kept.
func (c *httpClient) Close() error {
	c.http.CloseIdleConnections()
	return nil
}
