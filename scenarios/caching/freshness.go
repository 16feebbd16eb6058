package caching

import (
	"context"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker/freshness"
	"github.com/capsize-go/capsize/scenarios"
)

// A Staleness counts how stale what caches answered was, and how often the database was read for it. It is the Meter of
// the scenarios of caches.
type Staleness struct {
	Reads, Stale, Coalesced             int
	StaleSeeds                          int           // runs with at least one stale read
	Age, AgeAfterLastWrite              time.Duration // the longest that what was read had been replaced; the same after the last write
	AfterLastWrite, StaleAfterLastWrite int           // of the reads and of the stale ones: began after the last write
	MaxBehind                           int           // versions
	NonMonotonic, MissedOwnWrite        int           // reads that went back in time, or missed a write of their own process
	Loads                               int           // of the database
	MaxOfOne, MaxExpired                int           // loads of one key within Window; of all keys
	CrossUser                           int           // answers that belong to another principal
	MaxAgeExceeded                      int           // answers older than they may be

	Window time.Duration // for MaxOfOne; see freshness.MeasureLoads
}

// Add counts one run.
func (s *Staleness) Add(_ context.Context, r *capsize.Result) error {
	m, err := freshness.Measure(r.History)
	if err != nil {
		return err
	}
	s.Reads, s.Stale, s.Coalesced = s.Reads+m.Reads, s.Stale+m.Stale, s.Coalesced+m.Coalesced
	if m.Stale > 0 {
		s.StaleSeeds++
	}
	s.Age, s.AgeAfterLastWrite, s.MaxBehind = max(s.Age, m.Age), max(s.AgeAfterLastWrite, m.AgeAfterLastWrite), max(s.MaxBehind, m.MaxBehind)
	s.AfterLastWrite, s.StaleAfterLastWrite = s.AfterLastWrite+m.AfterLastWrite, s.StaleAfterLastWrite+m.StaleAfterLastWrite
	s.NonMonotonic, s.MissedOwnWrite = s.NonMonotonic+m.NonMonotonic, s.MissedOwnWrite+m.MissedOwnWrite
	return s.addRest(r)
}

func (s *Staleness) addRest(r *capsize.Result) error {
	loads, err := freshness.MeasureLoads(r.History, max(s.Window, 1))
	if err != nil {
		return err
	}
	s.Loads, s.MaxOfOne, s.MaxExpired = s.Loads+loads.Loads, max(s.MaxOfOne, loads.MaxOfOne), max(s.MaxExpired, loads.MaxExpired)
	foreign, err := freshness.CountCrossUser(r.History)
	if err != nil {
		return err
	}
	aged, err := freshness.CountMaxAgeExceeded(r.History)
	s.CrossUser, s.MaxAgeExceeded = s.CrossUser+foreign, s.MaxAgeExceeded+aged
	return err
}

// Fill writes what was counted.
func (s *Staleness) Fill(row *scenarios.Row) {
	for metric, x := range map[string]float64{
		"reads": float64(s.Reads), "stale_reads": float64(s.Stale), "stale_share": scenarios.Ratio(s.Stale, s.Reads),
		"stale_share_active": scenarios.Ratio(s.Stale-s.StaleAfterLastWrite, s.Reads-s.AfterLastWrite), "stale_seeds": float64(s.StaleSeeds),
		"joined_reads": float64(s.Coalesced), "worst_age_ns": float64(s.Age), "worst_age_quiet_ns": float64(s.AgeAfterLastWrite),
		"versions_behind": float64(s.MaxBehind), "back_reads": float64(s.NonMonotonic), "own_reads": float64(s.MissedOwnWrite),
		"origin_loads": float64(s.Loads), "loads_per_read": scenarios.Ratio(s.Loads, s.Reads), "foreign_reads": float64(s.CrossUser), "aged_reads": float64(s.MaxAgeExceeded),
	} {
		row.Metrics[metric] = x
	}
	if s.Window > 0 {
		row.Metrics["loads_at_once"], row.Metrics["peak_loads"] = float64(s.MaxOfOne), float64(s.MaxExpired)
	}
}

// staleColumns are those that most scenarios of caches show. The share is that of reads while there were writes, and the age
// that after the last write.
var staleColumns = []scenarios.Column{
	{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share_active", Format: scenarios.Fine}, {Title: "worst age", Metric: "worst_age_ns", Format: scenarios.Span},
	{Title: "after last write", Metric: "worst_age_quiet_ns", Format: scenarios.Span}, {Title: "behind", Metric: "versions_behind", Format: scenarios.Count}, {Title: "loads", Metric: "origin_loads", Format: scenarios.Count},
}
