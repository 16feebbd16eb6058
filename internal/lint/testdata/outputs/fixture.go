// Package fixture is only here for the module.
package fixture
