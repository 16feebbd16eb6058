//go:build race

package capsize_test

const raceEnabled = true
