// This comment does not say what it is on.
package fixture

func Bare() {}

// Does something.
func Misnamed() {}

// Endless has no period
func Endless() {}

// Fine is as it should be.
func Fine() {}

// Sourced is as it should be, and names its source.
// https://example.test/paper
func Sourced() {}

// Listed ends with code:
//
//	Listed()
func Listed() {}

//go:noinline
func Directed() {}

// A Thing is as it should be.
type Thing struct{}

func (t *Thing) Method() {}

// Method2 of [Thing] links to [Fine].
func (t *Thing) Method2() {}

type hidden struct{}

func (h hidden) Method() {}

// Things are many.
const (
	One = iota
	Two // the second
	// Third is not named so.
	Three
)

const (
	Undescribed = 1
	described   = 2
)

// Single is one.
var Single, Double = 1, 2

// Wide has too many methods to be told in one comment.
type Wide interface {
	A()
	B() // does B
	C()
	// D does D.
	D()
}

// Narrow has three.
type Narrow interface {
	A()
	B()
	C()
}

type Bald = int
