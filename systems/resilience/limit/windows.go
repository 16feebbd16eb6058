package limit

import "time"

// FixedWindow counts the units of each window of the clock: it admits up to twice the limit around the edge of two windows.
func FixedWindow(r Rate) Maker {
	return local(func(now func() time.Time) Limiter {
		var window time.Time
		n := 0
		return serial(func() bool {
			if w := now().Truncate(r.Per); !w.Equal(window) {
				window, n = w, 0
			}
			n++
			return n <= r.Units
		})
	})
}

// SlidingLog remembers when each unit was admitted, and admits no more than the limit in any window. It needs memory for each unit.
func SlidingLog(r Rate) Maker {
	return local(func(now func() time.Time) Limiter {
		var admitted []time.Time // the last r.Units of them, the oldest first
		return serial(func() bool {
			t := now()
			if len(admitted) == r.Units {
				if t.Sub(admitted[0]) < r.Per {
					return false
				}
				admitted = admitted[1:]
			}
			admitted = append(admitted, t)
			return true
		})
	})
}

// SlidingCounter estimates what a sliding log would count from the counts of this window of the clock and the one before, as if
// the units of the latter had come evenly spaced. Where they did not it admits more than the limit.
func SlidingCounter(r Rate) Maker {
	return local(func(now func() time.Time) Limiter {
		var window time.Time
		var before, n float64
		return serial(func() bool {
			t := now()
			w := t.Truncate(r.Per)
			switch {
			case w.Equal(window.Add(r.Per)):
				window, before, n = w, n, 0
			case !w.Equal(window):
				window, before, n = w, 0, 0
			}
			left := 1 - t.Sub(w).Seconds()/r.Per.Seconds()
			if before*left+n+1 > float64(r.Units) {
				return false
			}
			n++
			return true
		})
	})
}
