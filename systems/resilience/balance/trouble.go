package balance

import "time"

// A Trouble is what goes wrong with a node for a while: a backend, or the dependency.
type Trouble struct {
	Node     string
	How      How
	From, To time.Duration // since the start of the run
}

// How says in what way a node is in trouble. In all of them the health endpoint that asks the process alone answers as ever.
type How string

// The troubles.
const (
	FailsFast How = "fails fast" // an error after a millisecond: a missing secret, a full disk, a dead connection to a database
	Hangs     How = "hangs"      // accepts and never answers
	Slow      How = "slow by ten"
)

// troubleAt returns what is wrong with a node at an instant; "" if nothing is.
func (s Service) troubleAt(node string, at time.Duration) How {
	for _, t := range s.Trouble {
		if t.Node == node && t.From <= at && at < t.To {
			return t.How
		}
	}
	return ""
}
