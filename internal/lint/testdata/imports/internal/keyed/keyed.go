// Package keyed is a leaf.
package keyed
