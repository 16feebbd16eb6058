// Package predicates judges histories of transactions that insert, write and delete rows and read all that match a predicate, as
// Elle's closed predicates: what such a read does not return is known as well.
package predicates
