package txnfile

import "github.com/capsize-go/capsize/history"

// assumed says what a lenient reader assumes of transactions, which is not in all cases what one of other objects does.
var assumed = map[history.Flaw]history.Words{
	history.StrayCompletion: {
		One:  "completion without an invocation was taken for a transaction that may have begun at any time before",
		More: "completions without an invocation were taken for transactions that may have begun at any time before",
	},
	history.OpenTwice: {
		One:  "transaction began while its process had another pending: it was taken for one of another process",
		More: "transactions began while their process had another pending: each was taken for one of another process",
	},
	history.AfterInfo: {
		One:  "transaction began after an indeterminate one of its process: it was taken for one of another process",
		More: "transactions began after an indeterminate one of their process: each was taken for one of another process",
	},
	history.WrongAnswer: {
		One:  "completion did not fit its invocation: the transaction was taken for an indeterminate one",
		More: "completions did not fit their invocations: these transactions were taken for indeterminate ones",
	},
	history.OutOfOrder: {
		One:  "time contradicts the order of the lines: nothing that needs real time is judged",
		More: "times contradict the order of the lines: nothing that needs real time is judged",
	},
}
