package wording

import (
	"math"
	"strconv"
)

// Coordinate formats a coordinate of a picture, with one digit after the point at most; what is no number is 0.
func Coordinate(f float64) string {
	f = math.Round(f*10) / 10
	if f == 0 || math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
