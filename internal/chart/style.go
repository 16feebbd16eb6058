package chart

import "strings"

// colors are those of the series, on a light page and on a dark one. They differ in lightness too, and lines differ in their dashes, so that
// they can be distinguished without colors.
var colors = []struct{ light, dark, dashes string }{
	{"#0550ae", "#79c0ff", ""},
	{"#bc4c00", "#ffa657", "7 3"},
	{"#1a7f37", "#56d364", "2 3"},
	{"#8250df", "#d2a8ff", "10 3 2 3"},
	{"#57606a", "#b1bac4", "4 2"},
	{"#a40e26", "#ff7b72", "1 2"},
}

// style is the sheet of a picture.
var style = sheet()

func sheet() string {
	var light, dark strings.Builder
	for i, c := range colors {
		series := class(i)
		light.WriteString(".l." + series + "{stroke:" + c.light + "}.b." + series + "{fill:" + c.light + "}")
		if c.dashes != "" {
			light.WriteString(".l." + series + "{stroke-dasharray:" + c.dashes + "}")
		}
		dark.WriteString(".l." + series + "{stroke:" + c.dark + "}.b." + series + "{fill:" + c.dark + "}")
	}
	return `<style>text{font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.panel{font-weight:600}` +
		`.small{fill:#57606a}.bg{fill:#fff}.grid{stroke:#d8dee4;fill:none}.axis{stroke:#57606a;fill:none}.l{fill:none;stroke-width:2;stroke-linejoin:round}` +
		`.level{stroke:#a40e26;stroke-dasharray:6 4;fill:none}.band{fill:#a40e26;fill-opacity:.12}` + light.String() +
		`@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#b1bac4}.bg{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#b1bac4}` +
		`.level{stroke:#ff7b72}.band{fill:#ff7b72;fill-opacity:.2}` + dark.String() + `}</style>`
}

// class returns the class of a series.
func class(series int) string { return "s" + string(rune('0'+series%len(colors))) }
