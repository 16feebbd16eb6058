// Package fixture is only here for the module.
package fixture

// Exported is what a link leads to.
const Exported = 0
