// Package gray has services that fail while they are up, and callers that wait for them.
//
// [Handler] has any HTTP handler fail in the ways of [cluster.Degradation], when the fault degrade of package nemesis says so: it hangs,
// stalls, drips or is slow. A [Lock] gets stuck. A [Service] is a frontend on n1 that asks a [Backend] on n2 by a [Policy]
// which is, or only looks like, a timeout; a monitor on n3 asks the backend's health endpoint.
package gray
