package jepsen

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Lags are latencies of N elements, by quantiles as Jepsen takes
// them: of the sorted lags, the one at index part · N.
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

// addLag adds to the lags of that name.
func (j *evaluation) addLag(name string, d time.Duration) {
	if j.lags == nil {
		j.lags = map[string][]time.Duration{}
	}
	j.lags[name] = append(j.lags[name], d)
}

// allLags returns the lags by name.
func (j *evaluation) allLags() (all []Lags) {
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

// latency returns how long after an element was known a read began, or 0 if there is no such read or it
// was earlier: the last read that missed the element, after which it was stable, or the last that
// saw it, after which it was lost.
func (v *setReads) latency(j *evaluation, id int32, read int) time.Duration {
	if read < 0 {
		return 0
	}
	return max(0, j.h.At(v.calls[v.reads[read]].Inv).Time-j.h.At(v.known(id)).Time)
}
