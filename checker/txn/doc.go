// Package txn judges histories of transactions: which isolation levels they keep, which they break, and the smallest set of
// transactions that shows it.
//
// A history is a [History]: columns of numbers, which [Builder] fills from a file or [Of] from a recorded run. [levels.Judge] holds it to
// models by the dependencies between its transactions, as Adya, Generalized Isolation Level Definitions (ICDE 2000), defines them and
// as Elle (Kingsbury and Alvaro, VLDB 2020) infers them from what was read:
//
//   - ww: one transaction overwrote what another had written.
//   - wr: one read what another had written.
//   - rw: one overwrote what another had read (an anti-dependency).
//   - so: one came before another in its session.
//   - rt: one had ended before another began.
//
// A model forbids cycles of some kinds of dependencies, and reads that no order explains.
package txn
