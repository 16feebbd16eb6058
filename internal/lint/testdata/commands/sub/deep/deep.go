// Package deep has a test.
package deep
