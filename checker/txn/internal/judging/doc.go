// Package judging has what the judges of lists, registers and rows share: a [Case] in which anomalies are collected and models are
// decided, and the graph of dependencies, [Deps], with the cycles that models forbid.
package judging
