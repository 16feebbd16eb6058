// Package resilience judges services that answer requests, and what stands between them: whether each request has an outcome in
// time, and what retries, limiters, balancers, pools and timeouts do to the others.
//
// It takes histories of [model.RequestOp], which are calls of clients and spans of services. Calls with other inputs are passed
// over. For each rule there is a function that measures, for numbers, and one that returns a [checker.Checker], for a
// verdict. A history without a call that a rule is about is an error for the one, and unknown for the other.
// Each takes O(n log n) for n calls.
package resilience
