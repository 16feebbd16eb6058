// Package program has nothing of its own: kvd below it is a server that knows nothing of Capsize, and README.md shows how the command
// capsize program tests it as it is.
package program
