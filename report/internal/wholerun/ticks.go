package wholerun

import "time"

// Ticks returns at most n+2 round instants from 0 to end.
func Ticks(end time.Duration, n int) []time.Duration {
	if end <= 0 {
		return []time.Duration{0}
	}
	step := tickStep(end / time.Duration(max(n, 1)))
	all := []time.Duration{0}
	for t := time.Duration(0); t <= end-step && len(all) <= n+1; {
		t += step
		all = append(all, t)
	}
	return all
}

// tickStep returns the least round duration that is not below d.
func tickStep(d time.Duration) time.Duration {
	for unit := time.Duration(1); unit < 100*time.Second; unit *= 10 {
		for _, k := range []time.Duration{1, 2, 5} {
			if step := k * unit; step >= d && step < time.Minute {
				return step
			}
		}
	}
	for _, m := range []time.Duration{1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440} {
		if step := m * time.Minute; step >= d {
			return step
		}
	}
	days := d/(24*time.Hour) + 1
	return days * 24 * time.Hour
}
