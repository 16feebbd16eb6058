package jepsen

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Lags are how long something took, for each of N elements, by quantiles as Jepsen takes
// them: of the sorted lags, the one with so large a part of the others before it.
type Lags struct {
	Name string        `json:"name"` // as in "stable latency"
	N    int           `json:"n"`
	Min  time.Duration `json:"min"`
	P50  time.Duration `json:"p50"`
	P95  time.Duration `json:"p95"`
	P99  time.Duration `json:"p99"`
	Max  time.Duration `json:"max"`
}

func lagsOf(name string, all []time.Duration) Lags {
	slices.Sort(all)
	at := func(part float64) time.Duration {
		return all[min(len(all)-1, int(math.Floor(part*float64(len(all)))))]
	}
	return Lags{name, len(all), at(0), at(0.5), at(0.95), at(0.99), at(1)}
}

// lag adds to lags. Those that nothing had are left out.
func (j *judging) lag(name string, d time.Duration) {
	if j.lags == nil {
		j.lags = map[string][]time.Duration{}
	}
	j.lags[name] = append(j.lags[name], d)
}

// allLags returns the lags by name.
func (j *judging) allLags() (all []Lags) {
	for _, name := range slices.Sorted(maps.Keys(j.lags)) {
		all = append(all, lagsOf(name, j.lags[name]))
	}
	return all
}

// The lags of SetFull.
const (
	stableLatency = "stable latency"
	lostLatency   = "lost latency"
)

// lagged returns how long after an element was known some read began, or 0 if there is none or it
// was earlier: the last read that missed an element, from which on it was stable, or the last that
// saw it, from which on it was lost.
func (v *setView) lagged(j *judging, id int32, read int) time.Duration {
	if read < 0 {
		return 0
	}
	return max(0, j.h.At(v.calls[v.reads[read]].Inv).Time-j.h.At(v.known(id)).Time)
}
