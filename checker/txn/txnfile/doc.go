// Package txnfile reads and writes histories of transactions in the formats of the tools that check them: Jepsen's EDN, the JSON of
// elle-cli, ours, the text of PolySI and Plume, the logs of Cobra, dbcop's bincode, and the text of AWDIT's tests. It fills the columns
// of a [txn.History] as it reads, and keeps nothing of the file else: a million transactions take a few seconds and no more memory
// than their history.
//
// A file whose ops contradict each other is an error that names the line: a completion without an invocation, two pending
// transactions of one process, a completion that does not repeat the operations of its invocation. A lenient reader goes on, and
// says what it assumed.
package txnfile
