package balance

import "github.com/capsize-go/capsize/internal/keyed"

// A Candidate is a backend that may get a request.
type Candidate struct {
	Node     string
	InFlight int     // requests that it has not answered yet
	Weight   float64 // its share in relation to others, above 0: 1 unless a [Service] says otherwise; less during slow start
}

// A Pick is what a policy knows of the request that it is asked for.
type Pick struct {
	Number int       // of the request
	Key    string    // what it is about: its route
	Draw   keyed.Key // random draws for this request alone
}

// A Policy chooses the backend of each request. It lives as long as a process of the balancer does, which asks it for one request at a
// time. A Service gets a function that makes one.
type Policy interface {
	// Pick returns the index of one of the candidates, of which there is at least one. They are in the order of their names, and
	// those that are out of the rotation are missing.
	Pick(p Pick, among []Candidate) int
}
