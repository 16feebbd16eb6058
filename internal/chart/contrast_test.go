package chart

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// luminance returns that of a color like #1f2328, as WCAG 2 defines it.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	require.NoError(t, err, color)
	of := func(shift int) float64 {
		c := float64(n>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*of(16) + 0.7152*of(8) + 0.0722*of(0)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast shows that lines and bars differ from both pages by 3 : 1, and texts by 4.5 : 1.
func TestContrast(t *testing.T) {
	const light, dark = "#ffffff", "#0d1117"
	for _, c := range colors {
		require.GreaterOrEqual(t, contrast(t, c.light, light), 3.0, c.light)
		require.GreaterOrEqual(t, contrast(t, c.dark, dark), 3.0, c.dark)
	}
	parts := strings.SplitN(style, "@media", 2)
	for page, rules := range map[string]string{light: parts[0], dark: parts[1]} {
		texts := regexp.MustCompile(`(?:text|\.small)\{[^}]*fill:(#[0-9a-f]{6})`).FindAllStringSubmatch(rules, -1)
		require.Len(t, texts, 2, page)
		for _, text := range texts {
			require.GreaterOrEqual(t, contrast(t, text[1], page), 4.5, text[1])
		}
	}
}
