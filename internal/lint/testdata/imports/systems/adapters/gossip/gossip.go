// Package gossip is slow to compile.
package gossip
