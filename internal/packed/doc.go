// Package packed keeps several integers in a string, of eight bytes for each, that sort as the integers do. A state of a
// model must be comparable, and a string is.
package packed
