// Package model says what correct objects do: registers, maps, queues, stacks, sets, counters, logs, locks, ids, and
// what caches are asked and answer.
//
// A [Model] is a sequential specification: [Model.Step] says what one call after another does. The types of inputs and
// outputs, such as [RegisterOp], are the vocabulary that workloads, systems and checkers share. Nothing here judges a
// history: checkers do (see the folder checker), and take a model.
//
// Some objects are decided without a search. Their models say how in [Accelerators], which a model of one's own may
// set as well.
package model
