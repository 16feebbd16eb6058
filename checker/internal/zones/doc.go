// Package zones decides histories of registers whose written values are unique, by the zones of the values.
package zones
