package overlay

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sample = `package p

type queue struct {
	n int
}

var limit, other = rand(), 1

func add(q *queue, x int) {
	lock(&q.mu)
	if q.n > limit && x != 0 {
		grow(q, x)
		return
	}
	q.n = q.n + 1
	unlock(&q.mu)
}

//go:linkname draw runtime.rand
func draw() uint64

func (q *queue) Len() int { return q.n }

func (q *queue) Grow() { grow(q, 1); grow(q, rand()) }

func (q queue) String() string {
	switch q.n {
	case 0:
		lock(&q.mu)
		grow(q, 2)
		unlock(&q.mu)
	}
	return ""
}

func (l *list[T]) Len() int { return 0 }
`

func TestApply(t *testing.T) {
	for _, c := range []struct {
		name string
		edit edit
		want string // what the file then has
	}{
		{"entry", edit{in: "add", at: entry{}, code: " begin(); "}, "func add(q *queue, x int) { begin(); \n\tlock"},
		{"exit", edit{in: "add", at: exit{}, code: "done(); "}, "unlock(&q.mu)\ndone(); }\n\n//go:linkname"},
		{"field", edit{in: "queue", at: field{}, code: "more int; "}, "n int\nmore int; }"},
		{"end", edit{at: end{}, code: "\nvar x int\n"}, "return 0 }\n\nvar x int\n"},
		{"directive", edit{at: directive("draw"), code: "runtime.mine"}, "//go:linkname draw runtime.mine\nfunc draw"},
		{"variable", edit{in: "limit", at: expr("rand()"), code: "5"}, "var limit, other = 5, 1"},
		{"a call with a wildcard", edit{in: "add", at: expr("grow(_, x)"), code: "better($1, @)"}, "better(q, grow(q, x))"},
		{"an assignment", edit{in: "add", at: stmt("q.n = _"), code: "@; note()"}, "q.n = q.n + 1; note()\n"},
		{"a statement that has an expression in it", edit{in: "add", at: stmt("q.n + 1"), code: "{ @ }"}, "{ q.n = q.n + 1 }"},
		{"from one statement to another", edit{in: "add", at: through{"q.n = _", "unlock(_)"}, code: "if yes { @ }"}, "if yes { q.n = q.n + 1\n\tunlock(&q.mu) }"},
		{"within a case", edit{in: "queue.String", at: through{"lock(_)", "unlock(_)"}, code: "if yes { @ }"}, "if yes { lock(&q.mu)\n\t\tgrow(q, 2)\n\t\tunlock(&q.mu) }"},
		{"a condition", edit{in: "add", at: condition("x != 0"), code: "(@) && yes"}, "if (q.n > limit && x != 0) && yes {"},
		{"a method", edit{in: "(*queue).Len", at: expr("q.n"), code: "0"}, "Len() int { return 0 }\n\nfunc (q *queue) Grow"},
		{"a method of a generic type", edit{in: "(*list).Len", at: entry{}, code: " x(); "}, "(l *list[T]) Len() int { x();  return 0 }"},
		{"two places", edit{in: "(*queue).Grow", at: expr("grow(q, _)"), code: "g($1)", n: 2}, "g(1); g(rand())"},
		{"any number of places", edit{at: expr("grow(q, _)"), code: "g($1)", n: anyNumber}, "g(2)"},
		{"each method", edit{in: "*", at: entry{}, code: " x(); ", n: 4}, "func (q queue) String() string { x(); \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := source{"p.go", sample}
			require.NoError(t, s.apply(c.edit))
			assert.Contains(t, s.text, c.want)
		})
	}
}

// TestRefuses has edits whose place is not there as often as they say.
func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		edit edit
		want string
	}{
		{"no declaration", edit{in: "remove", at: entry{}}, "p.go: there is no remove"},
		{"a method of another receiver", edit{in: "queue.Len", at: entry{}}, "p.go: there is no queue.Len"},
		{"no place", edit{in: "add", at: expr("shrink(_)")}, "p.go: in add, is there 0 times and not 1: shrink(_)"},
		{"another number of arguments", edit{in: "add", at: expr("grow(_)")}, "is there 0 times and not 1"},
		{"too many places", edit{in: "(*queue).Grow", at: expr("grow(q, _)")}, "p.go: in (*queue).Grow, is there 2 times and not 1"},
		{"too few places", edit{in: "add", at: expr("grow(q, _)"), n: 2}, "is there 1 times and not 2"},
		{"none of any number", edit{at: expr("shrink(_)"), n: anyNumber}, "p.go: is there 0 times"},
		{"statements of two blocks", edit{in: "add", at: through{"grow(_, _)", "unlock(_)"}}, "is there 0 times and not 1: the statements from grow(_, _) to unlock(_)"},
		{"a condition that is not there", edit{in: "add", at: condition("x == 0")}, "the condition with x == 0"},
		{"no directive", edit{at: directive("drew")}, "the linkname of drew"},
		{"no struct", edit{in: "add", at: field{}}, "the last field"},
		{"a pattern that is no Go", edit{in: "add", at: expr("grow(")}, `pattern "grow("`},
		{"a pattern of two statements", edit{in: "add", at: stmt("x(); y()")}, "is not one statement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := source{"p.go", sample}
			require.ErrorContains(t, s.apply(c.edit), c.want)
			assert.Equal(t, sample, s.text)
		})
	}
	s := source{"p.go", "package p; func {"}
	require.ErrorContains(t, s.apply(edit{in: "f", at: entry{}}), "parse p.go")
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		edit  edit
		minor int
		want  bool
	}{{edit{}, 26, true}, {edit{from: 27}, 26, false}, {edit{from: 27}, 27, true}, {edit{to: 26}, 26, true}, {edit{to: 26}, 27, false}} {
		assert.Equal(t, c.want, c.edit.covers(c.minor))
	}
}

// TestNewlines holds that no edit moves a line of Go's own files: stack traces show them as they are installed.
func TestNewlines(t *testing.T) {
	for _, g := range append([]group{state}, groups...) {
		for _, e := range g.edits {
			if _, last := e.at.(end); !last {
				assert.NotContains(t, e.code, "\n", "%s: %s", g.name, e.file)
			}
		}
	}
}
