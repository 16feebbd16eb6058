// Package edn reads and writes EDN, the notation of Clojure, in which Jepsen keeps histories
// (https://github.com/edn-format/edn).
//
// Vectors are []any, whole numbers int64 or *big.Int, and null is nil. [Keyword], [Symbol], [Char], [List], [Set], [Map], [Tagged] and
// [Decimal] stand for what Go has no type for. [Parse] and [Append] take one value; a [Parser] takes a file piece by
// piece, with a line number, and holds one value at a time.
package edn
