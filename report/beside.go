package report

import (
	"regexp"
	"strconv"
)

// Of the column beside the picture on a wide screen, at its sizes of type: characters that a line holds at least, and
// pixels. They are estimates, on the side of more room than is needed.
const (
	accountWidth = 36 // characters
	reasonWidth  = 29 // characters
	lineHeight   = 17
	stepGap      = 8
	headHeight   = 32
)

// pictureSize finds the height of a picture in its markup.
var pictureSize = regexp.MustCompile(`viewBox="0 0 [0-9.]+ ([0-9.]+)"`)

// pictureHeight returns the height of the first picture of a markup, in pixels; 0 if it has none.
func pictureHeight(markup string) float64 {
	m := pictureSize.FindStringSubmatch(markup)
	if m == nil {
		return 0
	}
	h, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	return h
}

// mostReasonLines bounds how many lines of a reason the first screen has.
const mostReasonLines = 8

// reasonLines returns how many lines of each reason have room in the column beside a picture; 0 if there is no more room
// than for the few lines that they have anyway.
func (v firstView) reasonLines(height float64) int {
	const above = 60 // heading and filters of the picture
	for n := mostReasonLines; n > 1; n-- {
		if float64(v.heightBeside(n)) <= height+above {
			return n
		}
	}
	return 0
}

// heightBeside estimates how high the account and the checks are, with at most that number of lines of a reason.
func (v firstView) heightBeside(most int) int {
	used := 2 * headHeight
	for _, s := range v.Steps {
		n := 0
		for _, p := range s.Parts {
			n += runes(p.Text)
		}
		used += (n/accountWidth+1)*lineHeight + stepGap
	}
	for _, c := range v.Checks {
		used += min(most, runes(c.Reason)/reasonWidth+1)*lineHeight + 3
	}
	return used
}
