// Package shapes reads calls of any Go type, by the names of their fields: F, Key and Value.
package shapes
