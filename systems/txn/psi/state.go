package psi

import (
	"slices"

	"github.com/capsize-go/capsize/systems/internal/snapshot"
	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

// A vector says of each site how many of its transactions are there.
type vector []uint64

// covers reports whether all that w has is there.
func (v vector) covers(w vector) bool {
	for i := range w {
		if v[i] < w[i] {
			return false
		}
	}
	return true
}

// An id identifies a transaction before it is committed.
type id struct {
	Site int
	Life uint64 // of the site
	N    uint64
}

// A commit is a transaction as sites send it to one another: the Seq-th of its site, made on a snapshot.
type commit struct {
	ID       id
	Site     int
	Seq      uint64
	Snapshot vector `json:",omitempty"`
	Keys     []string
	Cells    []cell.Cell // what the keys hold after it
}

// A stored is what a site has of a key: the cell, and which transaction wrote it.
type stored struct {
	Cell cell.Cell
	Site int
	Seq  uint64
}

// A state is what a site holds.
type state struct {
	Has   vector
	Cells map[string]stored
	Log   [][]*commit   // of each site, those that some other site may lack: the last one is number Has
	Locks map[string]id // of keys: the transaction that this site has voted for
}

func newState(sites int) *state {
	return &state{Has: make(vector, sites), Cells: map[string]stored{}, Log: make([][]*commit, sites), Locks: map[string]id{}}
}

// applicable reports whether a commit is the next of its site, and all that its snapshot had is there.
func (s *state) applicable(c *commit) bool {
	return s.Has[c.Site]+1 == c.Seq && s.Has.covers(c.Snapshot)
}

// apply applies a commit, and lets go the locks that were kept for it.
func (s *state) apply(c *commit) {
	s.Has[c.Site] = c.Seq
	s.Log[c.Site] = append(s.Log[c.Site], c)
	for i, k := range c.Keys {
		s.Cells[k] = stored{c.Cells[i], c.Site, c.Seq}
		if s.Locks[k] == c.ID {
			delete(s.Locks, k)
		}
	}
}

// free reports whether a transaction on a snapshot may write a key: none has changed it since, and none is about to.
func (s *state) free(key string, by id, snapshot vector) bool {
	if holder, locked := s.Locks[key]; locked && holder != by {
		return false
	}
	c := s.Cells[key]
	return c.Seq <= snapshot[c.Site]
}

// missing returns what a site with that vector lacks: up to most commits of each site, in their order. So at least the one that
// depends on no other which is missing is among them. It reports whether some are gone, since all sites had them.
func (s *state) missing(has vector, most int) (all []*commit, gone bool) {
	for site, log := range s.Log {
		first := s.Has[site] - uint64(len(log)) // how many are gone
		switch {
		case has[site] >= s.Has[site]:
		case has[site] < first:
			gone = true
		default:
			log = log[has[site]-first:]
			all = append(all, log[:min(len(log), most)]...)
		}
	}
	return all, gone
}

// forget drops the commits that all sites have.
func (s *state) forget(all vector) {
	for site, log := range s.Log {
		first := s.Has[site] - uint64(len(log))
		if all[site] > first {
			s.Log[site] = slices.Clone(log[all[site]-first:])
		}
	}
}

func (s *state) encode() []byte { return snapshot.Encode(s) }

// committed reports whether the transaction is among the commits of a site that some other site may lack.
func (s *state) committed(x id) bool {
	return slices.ContainsFunc(s.Log[x.Site], func(c *commit) bool { return c.ID == x })
}
