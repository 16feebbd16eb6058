package browser

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
)

// named are the roles of which a screen reader must have a name.
var named = []string{"image", "img", "SvgRoot", "graphics-document", "link", "button", "checkbox", "radio", "textbox", "combobox",
	"DisclosureTriangle", "navigation"}

// checkAccess checks the tree that the browser gives to screen readers: names, and headings in order.
func checkAccess(t assert.TestingT, p *tab) {
	nodes := call(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	assert.NotEmpty(t, nodes)
	level, tops := 0, 0
	for _, n := range nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role, name := axText(n.Role), axText(n.Name)
		if slices.Contains(named, role) {
			assert.NotEmpty(t, name, "the name of a %s for screen readers", role)
		}
		if role != "heading" {
			continue
		}
		next := axLevel(n)
		assert.NotEmpty(t, name, "a heading")
		assert.LessOrEqual(t, next, level+1, "heading %q has a level that skips one", name)
		if next == 1 {
			tops++
		}
		level = next
	}
	assert.Equal(t, 1, tops, "headings of the first level")
	assert.Empty(t, eval[[]string](p, `probe.hiddenFocus()`), "can have the focus, and are hidden from screen readers")
}

// axText returns a value of the tree as text.
func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	_ = json.Unmarshal(v.Value, &s) // what is no text has none
	return s
}

// axLevel returns the level of a heading.
func axLevel(n *accessibility.Node) int {
	for _, property := range n.Properties {
		if property.Name == accessibility.PropertyNameLevel && property.Value != nil {
			var level int
			_ = json.Unmarshal(property.Value.Value, &level)
			return level
		}
	}
	return 0
}

// mostTabs bounds how often the tests press Tab on a page: a press takes milliseconds.
const mostTabs = 40

// checkKeyboard checks that Tab reaches links and filters in the order of the document, and that the focus is seen.
func checkKeyboard(t assert.TestingT, p *tab) {
	assert.Empty(t, eval[[]string](p, `probe.positive()`), "out of the order of the document")
	n := min(eval[int](p, `probe.watchFocus()`), mostTabs)
	extra := 12 // boxes that scroll can have the focus too
	for range n + extra {
		p.do(chromedp.KeyEvent(kb.Tab))
	}
	missed := eval[[]string](p, fmt.Sprintf("probe.missed(%d)", mostTabs))
	assert.Empty(t, missed, "Tab does not reach them in the order of the document")
}
