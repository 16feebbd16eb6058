package pool

import (
	"fmt"
	"strings"
	"time"
)

// A Query is what a connection asks the database.
type Query struct {
	For   int           // the request that it is asked for; the row names it
	Takes time.Duration // how long the database works
}

// A Row is what the database answers.
type Row struct {
	For  int    // the request whose query it answers
	From string // the node that answered
}

// The lines of the protocol. A request is one line, and so is its answer.
const (
	linePing   = "ping"
	lineBegin  = "begin"
	lineCommit = "commit"
	lineDone   = "done"
)

func (q Query) line() string { return fmt.Sprintf("query %d %d", q.For, int64(q.Takes)) }

// parseQuery reads the line of a query.
func parseQuery(line string) (q Query, err error) {
	_, err = fmt.Sscanf(line, "query %d %d", &q.For, &q.Takes)
	return q, err
}

func (r Row) line() string { return fmt.Sprintf("row %d %s", r.For, r.From) }

// A RefusedError is the database's answer to what it does not do.
type RefusedError struct{ Why string }

// Error says why.
func (e RefusedError) Error() string { return "the database refuses: " + e.Why }

// parseRow reads the line of an answer.
func parseRow(line string) (r Row, err error) {
	if why, ok := strings.CutPrefix(line, "refused "); ok {
		return r, RefusedError{why}
	}
	if _, err = fmt.Sscanf(line, "row %d %s", &r.For, &r.From); err != nil {
		return r, fmt.Errorf("pool: answer %q: %w", line, err)
	}
	return r, nil
}
