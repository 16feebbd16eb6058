// Package lists judges histories of transactions that append to lists and read them. Each read shows all appends before it in
// their order, so that nearly all dependencies are known, and the verdict is never unknown: Kingsbury and Alvaro, Elle (VLDB 2020).
package lists
