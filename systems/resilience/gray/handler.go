package gray

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/capsize-go/capsize/cluster"
)

// Handler returns next with the degradations that are about answers: under [cluster.AcceptAndHang] nothing of the answer is sent
// until the service has recovered, under [cluster.HeadersThenStall] the head is and the body is not, and under
// [cluster.OneByteASecond] the body is sent byte by byte. The process ends what waits; a client that goes away does not.
func Handler(process context.Context, h *cluster.Host, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.AwaitRecovery(process, cluster.AcceptAndHang) != nil {
			return
		}
		a := answer{head: http.Header{}, code: http.StatusOK}
		next.ServeHTTP(&a, r)
		a.send(process, h, w)
	})
}

// An answer is one that has not been sent.
type answer struct {
	head http.Header
	code int
	body bytes.Buffer
}

// Header returns the head.
func (a *answer) Header() http.Header { return a.head }

// WriteHeader sets the status.
func (a *answer) WriteHeader(code int) { a.code = code }

// Write adds to the body.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// send sends the answer as the host does at present. That the client has gone away ends it.
func (a *answer) send(process context.Context, h *cluster.Host, w http.ResponseWriter) {
	for name, values := range a.head { // order: the head is a map as well
		w.Header()[name] = values
	}
	w.WriteHeader(a.code)
	flush := func() error { return http.NewResponseController(w).Flush() }
	if h.Degraded(cluster.HeadersThenStall) && (flush() != nil || h.AwaitRecovery(process, cluster.HeadersThenStall) != nil) {
		return
	}
	for a.body.Len() > 0 && h.Degraded(cluster.OneByteASecond) {
		_, err := w.Write(a.body.Next(1))
		if err != nil || flush() != nil || h.Sleep(time.Second) != nil {
			return
		}
	}
	_, _ = w.Write(a.body.Bytes()) // the client may have gone away
}
