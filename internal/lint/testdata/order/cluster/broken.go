// Package cluster does not compile, so nothing is known of its types.
package cluster

var x = missing
