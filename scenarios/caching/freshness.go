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
	Reads, Stale, Joined int
	StaleSeeds           int           // runs with at least one stale read
	Age, Quiet           time.Duration // the longest that what was read had been replaced; the same after the last write
	Silent, SilentStale  int           // of the reads and of the stale ones: began after the last write
	Behind               int           // versions
	Back, Own            int           // reads that went back in time, or missed a write of their own process
	Loads                int           // of the database
	Most, Peak           int           // loads of one key within Window; of all keys
	Foreign              int           // answers that belong to another principal
	Aged                 int           // answers older than they may be

	Window time.Duration // for Most; see freshness.MeasureLoads
}

// Add counts one run.
func (s *Staleness) Add(_ context.Context, r *capsize.Result) error {
	m, err := freshness.Measure(r.History)
	if err != nil {
		return err
	}
	s.Reads, s.Stale, s.Joined = s.Reads+m.Reads, s.Stale+m.Stale, s.Joined+m.Joined
	if m.Stale > 0 {
		s.StaleSeeds++
	}
	s.Age, s.Quiet, s.Behind = max(s.Age, m.Age), max(s.Quiet, m.Quiet), max(s.Behind, m.Behind)
	s.Silent, s.SilentStale = s.Silent+m.Silent, s.SilentStale+m.SilentStale
	s.Back, s.Own = s.Back+m.Back, s.Own+m.Own
	return s.addRest(r)
}

func (s *Staleness) addRest(r *capsize.Result) error {
	loads, err := freshness.MeasureLoads(r.History, max(s.Window, 1))
	if err != nil {
		return err
	}
	s.Loads, s.Most, s.Peak = s.Loads+loads.Loads, max(s.Most, loads.Most), max(s.Peak, loads.Peak)
	foreign, err := freshness.CountForeign(r.History)
	if err != nil {
		return err
	}
	aged, err := freshness.CountAged(r.History)
	s.Foreign, s.Aged = s.Foreign+foreign, s.Aged+aged
	return err
}

// Fill writes what was counted.
func (s *Staleness) Fill(row *scenarios.Row) {
	for metric, x := range map[string]float64{
		"reads": float64(s.Reads), "stale_reads": float64(s.Stale), "stale_share": scenarios.Ratio(s.Stale, s.Reads),
		"stale_share_active": scenarios.Ratio(s.Stale-s.SilentStale, s.Reads-s.Silent), "stale_seeds": float64(s.StaleSeeds),
		"joined_reads": float64(s.Joined), "worst_age_ns": float64(s.Age), "worst_age_quiet_ns": float64(s.Quiet),
		"versions_behind": float64(s.Behind), "back_reads": float64(s.Back), "own_reads": float64(s.Own),
		"origin_loads": float64(s.Loads), "loads_per_read": scenarios.Ratio(s.Loads, s.Reads), "foreign_reads": float64(s.Foreign), "aged_reads": float64(s.Aged),
	} {
		row.Metrics[metric] = x
	}
	if s.Window > 0 {
		row.Metrics["loads_at_once"], row.Metrics["peak_loads"] = float64(s.Most), float64(s.Peak)
	}
}

// staleColumns are those that most scenarios of caches show. The share is that of reads while there were writes, and the age in silence
// that after the last one.
var staleColumns = []scenarios.Column{
	{Title: "stale seeds", Metric: "stale_seeds", Format: scenarios.Count}, {Title: "stale reads", Metric: "stale_share_active", Format: scenarios.Fine}, {Title: "worst age", Metric: "worst_age_ns", Format: scenarios.Span},
	{Title: "in silence", Metric: "worst_age_quiet_ns", Format: scenarios.Span}, {Title: "behind", Metric: "versions_behind", Format: scenarios.Count}, {Title: "loads", Metric: "origin_loads", Format: scenarios.Count},
}
