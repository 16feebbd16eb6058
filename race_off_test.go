//go:build !race

package capsize_test

const raceEnabled = false
