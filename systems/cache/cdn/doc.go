// Package cdn is HTTP caches on HTTP caches in front of a database, over net/http: the points of presence and the shield of a
// CDN, or the five layers of caches that a web request goes through. A [Stack] says which.
//
// All caches are one: an [Edge], which is fresh, stale, validated, coalesced and purged by the rules of RFC 9111 (HTTP
// Caching), RFC 5861 (stale-while-revalidate, stale-if-error) and RFC 9211 (Cache-Status). These do not define
// the order and the acknowledgement of purges: see [Purge]. Mistakes are options, off by default; see
// [Bug].
package cdn
