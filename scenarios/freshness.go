package scenarios

import (
	"context"
	"fmt"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
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

	Window time.Duration // for Most; see checker.MeasureLoads
}

// Add counts one run.
func (s *Staleness) Add(_ context.Context, r *capsize.Result) error {
	m, err := checker.MeasureFreshness(r.History)
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
	loads, err := checker.MeasureLoads(r.History, max(s.Window, 1))
	if err != nil {
		return err
	}
	s.Loads, s.Most, s.Peak = s.Loads+loads.Loads, max(s.Most, loads.Most), max(s.Peak, loads.Peak)
	foreign, err := checker.CountForeign(r.History)
	if err != nil {
		return err
	}
	aged, err := checker.CountAged(r.History)
	s.Foreign, s.Aged = s.Foreign+foreign, s.Aged+aged
	return err
}

// Fill writes what was counted.
func (s *Staleness) Fill(row *Row) {
	for metric, x := range map[string]float64{
		"reads": float64(s.Reads), "stale_reads": float64(s.Stale), "stale_share": share(s.Stale, s.Reads),
		"stale_share_active": share(s.Stale-s.SilentStale, s.Reads-s.Silent), "stale_seeds": float64(s.StaleSeeds),
		"joined_reads": float64(s.Joined), "worst_age_ns": float64(s.Age), "worst_age_quiet_ns": float64(s.Quiet),
		"versions_behind": float64(s.Behind), "back_reads": float64(s.Back), "own_reads": float64(s.Own),
		"origin_loads": float64(s.Loads), "loads_per_read": share(s.Loads, s.Reads), "foreign_reads": float64(s.Foreign), "aged_reads": float64(s.Aged),
	} {
		row.Metrics[metric] = x
	}
	if s.Window > 0 {
		row.Metrics["loads_at_once"], row.Metrics["peak_loads"] = float64(s.Most), float64(s.Peak)
	}
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// staleColumns are those that most scenarios of caches show. The share is that of reads while there were writes, and the age in silence
// that after the last one.
var staleColumns = []Column{
	{"stale seeds", "stale_seeds", count}, {"stale reads", "stale_share_active", fine}, {"worst age", "worst_age_ns", span},
	{"in silence", "worst_age_quiet_ns", span}, {"behind", "versions_behind", count}, {"loads", "origin_loads", count},
}

// fine shows a share with two decimals, and nothing but a zero as zero.
func fine(x float64) string {
	if x == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.2f %%", 100*x)
}

// onlyWrong returns an error if a row of a fixed variant has what it must not have, or one of the others has none of it.
func onlyWrong(rows []Row, metric string) error {
	for _, r := range rows {
		switch n := r.Metrics[metric]; {
		case r.Fixed && n > 0:
			return fmt.Errorf("%s: %s is %.0f and must be 0", r.Variant, metric, n)
		case !r.Fixed && n == 0:
			return fmt.Errorf("%s: %s is 0, so nothing was shown", r.Variant, metric)
		}
	}
	return nil
}
