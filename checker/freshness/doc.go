// Package freshness judges what caches answer: stale reads, sessions that read back in time, loads of one key that were not
// coalesced, and copies that belong to another user or are too old.
//
// It takes histories of model.CacheOp, in which a database numbers the versions of each key.
package freshness
