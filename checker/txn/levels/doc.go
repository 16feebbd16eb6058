// Package levels judges histories of transactions by isolation levels: which they keep, which they break, and by which few
// transactions. [Judge] takes a history of package txn, and [Checker] a recorded run.
package levels
