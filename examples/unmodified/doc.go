// Package unmodified is the example of docs/unmodified.md: a test of a server that is written as for production. See its test.
package unmodified
