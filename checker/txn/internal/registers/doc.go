// Package registers judges histories of transactions that write registers and read them. A read shows one version. What orders the
// versions of a key are reads followed by writes in one transaction; where writes are blind, weak models are decided by the edges of
// AWDIT (arXiv 2504.06975), and others by a search among the orders that are left: see package polygraph.
package registers
