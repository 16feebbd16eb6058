// Package fixture has one comment too many.
package fixture
