// Package fixture holds functions that are too long for it.
package fixture

func short() {
}

func grown() {
	short()
	short()
}

func shrunk() {
	short()
}

type thing struct{}

func (t *thing) kept() {
	short()
	short()
}

func added() {
	short()
}
