// Package lex reads lines, text and JSON of history files: with bounds on memory, the numbers as they are spelled, and errors that
// say where a file is wrong.
package lex
