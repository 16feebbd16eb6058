// Package fixture is the root.
package fixture
