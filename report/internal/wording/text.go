package wording

import (
	"strings"
	"unicode"
)

// Clean makes text safe for one line of a terminal: characters that could move the cursor
// become spaces, and text of more than n runes is cut.
func Clean(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return Cut(strings.TrimSpace(s), n)
}

// Cut shortens s to n runes, the last of them an ellipsis.
func Cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

// Ends shortens s to n runes and keeps both ends: the end of a long value is often what matters. It cuts between
// the elements of a list where that costs a few runes only.
func Ends(s string, n int) string {
	r := []rune(s)
	if len(r) <= n || n < 3 {
		return Cut(s, n)
	}
	const few = 8
	head, tail := r[:(n-1)*3/5], r[len(r)-(n-1-(n-1)*3/5):]
	for i := len(head) - 1; i > 0 && i > len(head)-few; i-- {
		if head[i] == ',' || head[i] == ' ' {
			head = head[:i+1]
			break
		}
	}
	for i := 0; i < len(tail) && i < few; i++ {
		if tail[i] == ',' || tail[i] == ' ' {
			tail = tail[i:]
			break
		}
	}
	return strings.TrimRight(string(head), " ") + "…" + strings.TrimLeft(string(tail), " ")
}

// Width estimates how wide text is at a size of px pixels. It errs on the
// wide side, so that labels don't meet.
func Width(s string, px float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x1100 && (r < 0x2000 || r > 0x2e00):
			w += 1.05
		case strings.ContainsRune("mwMW@%—+<>=", r):
			w += 0.95
		case r >= 'A' && r <= 'Z' || r > 0x2000:
			w += 0.85
		case strings.ContainsRune("iljtfr.,:;|!'()[] ", r):
			w += 0.4
		default:
			w += 0.64
		}
	}
	return w * px
}

// Fit shortens text to what is at most width wide at a size of px pixels.
func Fit(s string, px, width float64) string {
	if Width(s, px) <= width {
		return s
	}
	r := []rune(s)
	for n := len(r) - 1; n > 0; n-- {
		if short := strings.TrimRight(string(r[:n]), " ") + "…"; Width(short, px) <= width {
			return short
		}
	}
	return ""
}
