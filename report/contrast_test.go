package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The contrast of every colour in the style sheets against what it stands on, as WCAG 2 computes it: 4.5 for text,
// 3 for large text and for marks, in the light and in the dark theme.
const (
	textContrast = 4.5
	markContrast = 3.0
)

// onGround names the grounds of text that does not stand on the page itself, nor on a background of its own rule.
var onGround = map[string][]string{
	"svg .on":                     {"--ok", "--bad"},
	"svg .on-ok":                  {"--ok"},
	".bar.ok.mine.context":        {"--pale-ok"},
	".bar":                        {"--pale-ok", "--pale-info", "--pale-fail"},
	".lane .fault":                {"--fault"},
	".context+.on":                {"--bg"},
	".board a.cell":               {"--mut"},
	".label":                      {"--mut", "--good", "--ok"},
	".verdict":                    {"--bad", "--good", "--info"},
	".lane.mine .who":             {"--bg", "--band"},
	".names":                      {"--bg", "--band"},
	".tick":                       {"--bg", "--band"},
	".what.blamed":                {"--bg", "--band"},
	".bar.wide-after span":        {"--bg", "--band"},
	".lines tr.mine td":           {"--bg"},
	"svg .t":                      {"--bg", "--band"},
	"svg .w":                      {"--bg"},
	"svg text":                    {"--bg", "--band", "--fault", "--pale-ok", "--pale-info", "--pale-fail"},
	".lane.mine .bar.mine.blamed": {"--bad"},
}

// decorative names what may be paler than a mark, and why.
var decorative = map[string]string{
	".rerun":                 "a ground, with text on it",
	".bar":                   "has a border",
	".bar.info":              "has a border",
	".bar.fail":              "has a border",
	".bar.ok.mine.context":   "has a border",
	"svg.messages .band":     "a ground, whose name stands on it",
	"svg.messages .wall":     "a ground, whose name stands on it",
	"svg.messages .life":     "lines that only lead the eye to labels",
	"svg.messages .tick":     "lines that only lead the eye to labels",
	"svg.messages .cutline":  "lines that only lead the eye to labels",
	"svg.messages .msg path": "messages that do not matter are pale; those that do are not",
	"svg.messages .msg .a":   "messages that do not matter are pale; those that do are not",
	".band":                  "a ground, whose name stands above it",
	".grounds .band":         "a ground, whose name stands above it",
	".fault":                 "a ground, whose name stands on it",
	".lane .fault":           "a ground, whose name stands on it",
	".swatch":                "the ground of faults in a legend that names it",
	".grid":                  "lines that only lead the eye to labels",
	".guide":                 "lines that only lead the eye to labels",
	".context":               "outlined: see .bar-ok.context",
	".p-line":                "the gaps of a hatch",
	".grounds .cut":          "labelled by a text",
	".stretch:hover":         "feedback, while the pointer is there",
	".lines tr:target td":    "a ground, whose row the reader has asked for",
	".line.halo":             "the gap between a line and what is behind it",
	".axis-y":                "the page itself",
	".shown":                 "the page itself",
	"body":                   "the page itself",
}

type cssRule struct {
	selectors []string
	decls     map[string]string
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssBlock   = regexp.MustCompile(`(?s)([^{}]+)\{([^{}]*)\}`)
	cssVar     = regexp.MustCompile(`var\((--[a-z0-9-]+)\)`)
)

// parseCSS returns the rules for screens, and the variables of each theme. Rules within @media for narrow pages and
// for print change no colours, and are left out.
func parseCSS(css string) (rules []cssRule, themes map[string]map[string]string) {
	themes = map[string]map[string]string{"light": {}, "dark": {}}
	for rest := cssComment.ReplaceAllString(css, ""); rest != ""; {
		at := strings.Index(rest, "@media")
		plain, media := rest, ""
		if at >= 0 {
			plain = rest[:at]
			end, depth := strings.IndexByte(rest[at:], '{')+at+1, 1
			begin := end
			for ; depth > 0 && end < len(rest); end++ {
				depth += strings.Count(rest[end:end+1], "{") - strings.Count(rest[end:end+1], "}")
			}
			media = rest[at:begin]
			for _, m := range cssBlock.FindAllStringSubmatch(rest[begin:end-1], -1) {
				if strings.Contains(media, "dark") && strings.TrimSpace(m[1]) == ":root" {
					variables(m[2], themes["dark"])
				}
			}
			rest = rest[end:]
		} else {
			rest = ""
		}
		for _, m := range cssBlock.FindAllStringSubmatch(plain, -1) {
			decls := map[string]string{}
			variables(m[2], decls)
			var selectors []string
			for _, s := range strings.Split(m[1], ",") {
				selectors = append(selectors, strings.TrimSpace(s))
			}
			if selectors[0] == ":root" {
				variables(m[2], themes["light"])
				continue
			}
			rules = append(rules, cssRule{selectors, decls})
		}
	}
	for name, value := range themes["light"] {
		if _, has := themes["dark"][name]; !has {
			themes["dark"][name] = value
		}
	}
	return rules, themes
}

func variables(block string, into map[string]string) {
	for _, d := range strings.Split(block, ";") {
		if name, value, ok := strings.Cut(d, ":"); ok {
			into[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
}

type rgb [3]float64

// colour resolves a colour of a theme, blended over a ground if it is not opaque.
func colour(t *testing.T, theme map[string]string, value string, over rgb) rgb {
	t.Helper()
	if v, ok := theme[value]; ok {
		value = v
	}
	if m := cssVar.FindStringSubmatch(value); m != nil {
		require.Contains(t, theme, m[1])
		value = theme[m[1]]
	}
	if hex, ok := strings.CutPrefix(value, "#"); ok {
		if len(hex) == 3 {
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		}
		n, err := strconv.ParseUint(hex, 16, 32)
		require.NoError(t, err, value)
		return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}
	}
	var r, g, b, a float64
	_, err := fmt.Sscanf(value, "rgba(%f,%f,%f,%f)", &r, &g, &b, &a)
	require.NoError(t, err, "colour %q", value)
	return blend(rgb{r, g, b}, a, over)
}

func blend(c rgb, alpha float64, over rgb) rgb {
	for i := range c {
		c[i] = alpha*c[i] + (1-alpha)*over[i]
	}
	return c
}

func (c rgb) luminance() float64 {
	linear := func(x float64) float64 {
		if x /= 255; x <= .04045 {
			return x / 12.92
		}
		return math.Pow((x+.055)/1.055, 2.4)
	}
	return .2126*linear(c[0]) + .7152*linear(c[1]) + .0722*linear(c[2])
}

func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func TestContrastIsComputedAsInWCAG(t *testing.T) {
	black, white := rgb{}, rgb{255, 255, 255}
	assert.InDelta(t, 21, contrast(black, white), .001)
	assert.InDelta(t, 4.54, contrast(rgb{0x76, 0x76, 0x76}, white), .01, "the palest grey that text may have")
	assert.Equal(t, rgb{127.5, 127.5, 127.5}, blend(black, .5, white))
}

// allStyles are the style sheets of the pages.
func allStyles(t *testing.T) string {
	t.Helper()
	css, err := styleSheet()
	require.NoError(t, err)
	grid, err := assets.ReadFile("assets/grid.tmpl")
	require.NoError(t, err)
	_, own, ok := strings.Cut(string(grid), "{{.Style}}")
	require.True(t, ok)
	own, _, _ = strings.Cut(own, "</style>")
	return string(css) + own
}

// isText reports whether the fill of a rule is that of text.
func isText(selector string, decls map[string]string) bool {
	for property := range decls {
		if strings.HasPrefix(property, "font") {
			return true
		}
	}
	return strings.HasPrefix(selector, "svg text") || strings.HasPrefix(selector, "svg .")
}

func TestContrast(t *testing.T) {
	rules, themes := parseCSS(allStyles(t))
	require.NotEmpty(t, rules)
	checked := 0
	for name, theme := range themes {
		page := colour(t, theme, "--bg", rgb{})
		for _, rule := range rules {
			for _, s := range rule.selectors {
				checked += checkText(t, name, theme, page, s, rule.decls)
				checked += checkMark(t, name, theme, page, s, rule.decls)
			}
		}
	}
	assert.Greater(t, checked, 80, "the style sheets were understood")
}

// checkText compares the text colour of a rule with its grounds.
func checkText(t *testing.T, name string, theme map[string]string, page rgb, s string, decls map[string]string) int {
	t.Helper()
	value := decls["color"]
	if isText(s, decls) && value == "" {
		value = decls["fill"]
	}
	if !strings.HasPrefix(value, "var(") {
		return 0
	}
	grounds := onGround[s]
	if m := cssVar.FindStringSubmatch(decls["background"]); m != nil && len(grounds) == 0 {
		grounds = []string{m[1]}
	}
	if len(grounds) == 0 {
		grounds = []string{"--bg"}
	}
	for _, g := range grounds {
		ground := colour(t, theme, g, page)
		got := contrast(colour(t, theme, value, ground), ground)
		assert.GreaterOrEqual(t, got, textContrast, "%s: text of %s is %s on %s: %.2f", name, s, value, g, got)
	}
	return len(grounds)
}

// checkMark compares what a rule draws with the page.
func checkMark(t *testing.T, name string, theme map[string]string, page rgb, s string, decls map[string]string) (checked int) {
	t.Helper()
	if _, is := decorative[s]; is {
		return 0
	}
	for _, property := range []string{"fill", "stroke", "background", "border", "border-bottom", "border-top", "border-color", "outline"} {
		m := cssVar.FindStringSubmatch(decls[property])
		outlined := property == "fill" && cssVar.MatchString(decls["stroke"])
		separates := strings.HasPrefix(property, "border") && m != nil && m[1] == "--line"
		text := property == "fill" && isText(s, decls) || decls["paint-order"] != "" // a halo around text
		if m == nil || outlined || separates || text {
			continue
		}
		alpha := 1.0
		if o, ok := decls[property+"-opacity"]; ok {
			if v := cssVar.FindStringSubmatch(o); v != nil {
				o = theme[v[1]]
			}
			var err error
			alpha, err = strconv.ParseFloat(o, 64)
			require.NoError(t, err)
		}
		got := contrast(blend(colour(t, theme, m[1], page), alpha, page), page)
		assert.GreaterOrEqual(t, got, markContrast, "%s: %s of %s is %s: %.2f", name, property, s, m[1], got)
		checked++
	}
	return checked
}

// TestOutcomesDifferWithoutColour has what was not answered be hatched, where its colour is as light as that of what was.
func TestOutcomesDifferWithoutColour(t *testing.T) {
	rules, _ := parseCSS(allStyles(t))
	for _, r := range rules {
		for _, s := range r.selectors {
			if s == ".miss" || s == ".bar-info" || s == ".bar-fail" || s == ".rate-info" || s == ".rate-fail" {
				assert.Contains(t, r.decls["fill"], "url(#", s)
			}
		}
	}
}
