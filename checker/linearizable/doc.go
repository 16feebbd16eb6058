// Package linearizable decides whether a history is linearizable (Herlihy and Wing, Linearizability, 1990), and explains
// why it is not.
//
// [New] takes a model. Histories of registers with unique values are decided by zones, objects of many other kinds by what
// their models' accelerators know, and the rest by search: dfs.go has the depth-first search of Wing, Gong and Lowe,
// jit.go Lowe's just-in-time linearization. The counterexample is found when the result is asked to explain itself.
package linearizable
