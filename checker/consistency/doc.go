// Package consistency judges histories by consistency models that are weaker than linearizability: sequential, causal and
// PRAM consistency, the guarantees of sessions, 2-atomicity, staleness, convergence and lost writes.
//
// All take a model that says what calls read and write (model.Model's Access), and
// histories in which every written value is unique.
package consistency
