// Package service is a service as many have it, on the hosts of a cluster: registers in a database behind net/http, and proxies before it.
//
// Node n1 serves HTTP from a SQLite database (modernc.org/sqlite by database/sql) on its disk. The other nodes are reverse proxies of
// net/http/httputil, which try a request again if n1 does not answer. A client asks the node that it is bound to, by
// http.Client. Nothing of it knows of the simulation, but for the names of hosts: see [cluster.Program].
//
// [Service] has mistakes that such services make, off by default: a proxy that repeats a POST without an idempotency key
// (RFC 9110, section 9.2.2), and settings of SQLite by which a commit is not on the disk when it is acknowledged
// (https://www.sqlite.org/pragma.html#pragma_synchronous).
//
// It needs the deterministic runtime of "capsize test". In a stock build its tests skip.
//
// The package is a module of its own, so that Capsize does not depend on SQLite.
package service
