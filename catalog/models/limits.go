package models

import (
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
)

// noLimit is for a rule without a limit.
func noLimit(string) (struct{}, bool) { return struct{}{}, true }

func limitDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

func limitNumber(text string) (float64, bool) {
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && x >= 0
}

func limitWhole(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// A unitRate is a number of units in a time.
type unitRate struct {
	units  int
	window time.Duration
}

func limitRate(text string) (r unitRate, ok bool) {
	units, window, _ := strings.Cut(text, "/")
	var isUnits, isWindow bool
	r.units, isUnits = limitWhole(units)
	r.window, isWindow = limitDuration(window)
	return r, isUnits && isWindow && r.window > 0
}

// limitSpan returns the span that a text like 10s-30s says; the zero span stands for the faults of the history.
func limitSpan(text string) (s resilience.Interval, ok bool) {
	if text == "faults" {
		return s, true
	}
	from, to, _ := strings.Cut(text, "-")
	var isFrom, isTo bool
	s.From, isFrom = limitDuration(from)
	s.To, isTo = limitDuration(to)
	return s, isFrom && isTo && s.To > s.From
}

// by returns what makes the checker for a limit as a text, of what reads it and of what makes the checker for one.
func by[L any](parse func(text string) (L, bool), of func(L) checker.Checker) func(limit string) (checker.Checker, bool) {
	return func(limit string) (checker.Checker, bool) {
		l, ok := parse(limit)
		if !ok {
			return nil, false
		}
		return of(l), true
	}
}
