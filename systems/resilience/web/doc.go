// Package web is what all services of package resilience share: servers and clients of net/http on the network of a cluster, which
// record what they do.
//
// A request of a client has a number, and each service that works for it passes the number on in a header. So the
// history has all that is done for one request, at any depth, as spans ([cluster.Host.Begin]) of [model.RequestOp]:
//
//	request   what the client asked, and by when it wanted an answer; recorded by the workload, see [Requests]
//	attempt   one try to reach a service; recorded by [Recorded], the outermost http.RoundTripper of those below a policy
//	work      what a service does for it; recorded by [Handle]
//
// Waits, holds and effects are recorded where they happen, with [In] and [cluster.Host.Do].
package web
