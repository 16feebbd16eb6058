package pool

import (
	"time"

	"github.com/capsize-go/capsize/internal/keyed"
)

// A Lifetime says when a pool of package database/sql parts from its connections. The zero value keeps them until they fail.
type Lifetime struct {
	// Most is how long a connection is used: SetConnMaxLifetime of package database/sql, which has no jitter.
	Most time.Duration
	// Jitter is by what share each connection ends earlier, at most: what pgx has as MaxConnLifetimeJitter. If it is set the driver ends
	// connections, as it may by [database/sql/driver.Validator].
	Jitter float64
	// Validate is how long a connection has for a ping before each use; see [SQL.Validate].
	Validate time.Duration
	// RejectReadOnly has a connection not used again whose database refuses what it is asked because it is a read-only replica, as
	// rejectReadOnly of go-sql-driver/mysql does.
	RejectReadOnly bool
}

// over reports whether a connection has come to its end, by a jitter of its own.
func (l Lifetime) over(c *Conn) bool {
	if l.Jitter == 0 {
		return false
	}
	part := l.Jitter * keyed.New(0, "lifetime").Int(int64(c.born)).Float64()
	return c.Age() > time.Duration(float64(l.Most)*(1-part))
}
