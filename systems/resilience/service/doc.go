// Package service has services over net/http that call each other, each with a capacity: so many workers, a queue of so many places, and a time
// that a request takes. A client calls the first of them.
//
// A [System] is data: node n1 runs the first [Service], n2 the second. What a caller does about failures is its [policy.Policy]. The history
// has, beside attempts and work (see package web), each wait for a worker and each hold of one, of the resource "n1/workers".
package service
