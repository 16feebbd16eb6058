package balance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/systems/resilience/web"
)

// Users is a Service as its users see it, who read what they wrote: a session each.
type Users struct {
	Service
	Tickets bool // a user sends the version that it has seen last with each request, and gets nothing older
}

// A User is a session, with the cookies and the ticket of a browser. It makes one call at a time.
type User struct {
	Users
	h         *cluster.Host
	transport *http.Transport
	rt        http.RoundTripper
	backend   string         // the cookie
	versions  map[string]int // by key
	index     int            // of the client
	calls     int
}

// OpenUser returns a new session.
func (u Users) OpenUser(_ context.Context, h *cluster.Host) (*User, error) {
	index, err := strconv.Atoi(strings.TrimLeft(h.Name(), "c"))
	if err != nil {
		return nil, fmt.Errorf("balance: %s is no client: %w", h.Name(), err)
	}
	transport := web.Transport(h)
	return &User{Users: u, h: h, transport: transport, rt: web.Unseen(transport), versions: map[string]int{}, index: index}, nil
}

// call returns the next call, whose number no other user has.
func (u *User) call() web.Call {
	u.calls++
	return web.Call{ID: u.calls*cluster.MaxHosts + u.index, Route: sessionPath}
}

// Get reads a key; one that was never written is 0.
func (u *User) Get(ctx context.Context, key string) (int, error) {
	value, err := u.ask(ctx, http.MethodGet, key, "")
	if err != nil {
		return 0, cluster.Failed(err) // a read has no effect
	}
	return value, nil
}

// Put writes a key.
func (u *User) Put(ctx context.Context, key string, value int) error {
	_, err := u.ask(ctx, http.MethodPut, key, "?value="+strconv.Itoa(value))
	return err
}

func (u *User) ask(ctx context.Context, method, key, query string) (int, error) {
	r, err := http.NewRequestWithContext(web.With(ctx, u.call()), method, "http://"+Balancer+sessionPath+key+query, nil)
	if err != nil {
		return 0, fmt.Errorf("balance: ask for %s: %w", key, err)
	}
	if u.backend != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: u.backend})
	}
	if u.Tickets {
		r.Header.Set(headerVersion, strconv.Itoa(u.versions[key]))
	}
	answer, err := u.rt.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	return u.answered(answer, key, string(body))
}

// answered takes the cookie and the version of an answer, and returns its value.
func (u *User) answered(answer *http.Response, key, body string) (int, error) {
	for _, c := range answer.Cookies() {
		u.backend = c.Value
	}
	if answer.StatusCode != http.StatusOK {
		err := fmt.Errorf("balance: %s: %s", answer.Status, body)
		if answer.StatusCode == http.StatusServiceUnavailable || answer.StatusCode == http.StatusConflict {
			err = cluster.Failed(err) // the backend did nothing
		}
		return 0, err
	}
	if v, err := strconv.Atoi(answer.Header.Get(headerVersion)); err == nil {
		u.versions[key] = max(u.versions[key], v)
	}
	return strconv.Atoi(body)
}

// Close closes the connections.
func (u *User) Close() error {
	u.transport.CloseIdleConnections()
	return nil
}
