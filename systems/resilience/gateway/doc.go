// Package gateway has the systems in which a gateway stands between clients and services, as httputil.ReverseProxy has it: what its
// timeouts leave behind ([Chain]), what its retries do twice ([Orders]), what it leaves out when a part of an answer does not come
// ([Page]), for how long it lets those in whose access was revoked ([Access]), whom a slow route starves ([Bulkheads]), and by which
// table it routes while a new one is rolled out ([Routes]).
package gateway
