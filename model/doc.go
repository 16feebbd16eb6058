// Package model says what correct objects do: registers, maps, queues, stacks, sets, counters, logs, locks and ids. It has
// the inputs and outputs of caches as well.
//
// A [Model] is a sequential specification: [Model.Step] says what one call after another does. The types of inputs and
// outputs, such as [RegisterOp], are the vocabulary that workloads, systems and checkers share. Nothing here judges a
// history: checkers do (see the folder checker), and take a model.
//
// Some objects have decision procedures, which need no search. Their models set [Accelerators], which your own
// may set as well.
package model
