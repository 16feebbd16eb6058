// Package patterns may have terms.
package patterns

// Pattern is one of them.
const Pattern = "at odds, both"
