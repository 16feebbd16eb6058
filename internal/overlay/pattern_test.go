package overlay

import (
	"go/ast"
	"go/parser"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		wild          int // how many wildcards; -1: it does not match
	}{
		{"x", "x", 0},
		{"x", "y", -1},
		{"_", "f(x)", 1},
		{"f(_)", "f(x + 1)", 1},
		{"f(_, _)", "f(a, g(b))", 2},
		{"f(_, _)", "f(a)", -1},
		{"f(x)", "g(x)", -1},
		{"a.b", "a.b", 0},
		{"a._", "a.b", 1},
		{"a + b", "a - b", -1},
		{"f(&x.y, 1)", "f( &x.y,1 )", 0},
		{"f(1)", "f(2)", -1},
		{`"a"`, `"a"`, 0},
		{"x[_]", "x[len(x)-1]", 1},
		{"f(x...)", "f(x)", 0}, // positions do not count, and that of an ellipsis is all there is of it
	} {
		p, err := parsePattern(c.pattern)
		require.NoError(t, err)
		e, err := parser.ParseExpr(c.text)
		require.NoError(t, err)
		wild, ok := p.match(e)
		if assert.Equal(t, c.wild >= 0, ok, "%s in %s", c.pattern, c.text); ok {
			assert.Len(t, wild, c.wild, "%s in %s", c.pattern, c.text)
		}
	}
}

// TestOccursIn looks into expressions, and not into blocks: those have statements of their own.
func TestOccursIn(t *testing.T) {
	p, err := parsePattern("f(x)")
	require.NoError(t, err)
	for text, want := range map[string]bool{ // order: independent cases
		"y = f(x)":                            true,
		"if f(x) { g() }":                     true,
		"if g() { f(x) }":                     false,
		"return g(1, f(x))":                   true,
		"switch { case a: f(x) }":             false,
		"switch f(x) { }":                     true,
		"for f(x) { }":                        true,
		"go func() { f(x) }()":                false,
		"select { case <-c: f(x); default: }": false,
	} {
		e, err := parser.ParseExpr("func() int { " + text + " }")
		require.NoError(t, err)
		assert.Equal(t, want, p.occursIn(e.(*ast.FuncLit).Body.List[0]), text)
	}
}
