package sequence

import (
	_ "embed"
	"strings"
)

// Style is the style sheet of the diagram. It uses the colours of the page as variables: --fg, --mut, --bg, --line, --ok, --info,
// --fail, --bad, --band and --quiet.
//
//go:embed messages.css
var Style string

// colours are those of the page, for a picture on its own.
const colours = `:root{color-scheme:light dark;--fg:#1b1f24;--mut:#5c6570;--bg:#fff;--line:#dfe4ea;--ok:#1f6feb;--info:#9a6100;--fail:#7c3aed;--bad:#c9184a;--good:#1a7f37;--on:#fff;--band:rgba(201,24,74,.08);--fault:rgba(201,24,74,.22);--quiet:#aab4bf}
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--mut:#9aa5b1;--bg:#0d1117;--line:#2b323b;--ok:#4493f8;--info:#e3a02b;--fail:#be95ff;--bad:#ff6b93;--good:#3fb950;--on:#0d1117;--band:rgba(255,107,147,.12);--fault:rgba(255,107,147,.32);--quiet:#55606c}}
`

// Standalone makes a file of its own of an svg element: with a style, and legible in light and dark.
func Standalone(svg, style string) string {
	tag, rest, ok := strings.Cut(svg, ">")
	if !ok {
		return svg
	}
	return strings.Replace(tag, "<svg", `<svg xmlns="http://www.w3.org/2000/svg"`, 1) + "><style>" + colours + style +
		`svg{background:var(--bg)}</style>` + rest
}
