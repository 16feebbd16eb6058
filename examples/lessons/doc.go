// Package lessons has the tests that the pages of docs/series show, so that they compile and pass. Each is made to be pasted into
// a repository of one's own, with one's own system in place of the one that ships.
package lessons
