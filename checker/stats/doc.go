// Package stats counts the calls of a history, and holds them to limits: availability, latency and rate, by f, node and fault.
package stats
