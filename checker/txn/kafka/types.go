package kafka

// A Type is a kind of anomaly.
type Type struct {
	Name    string // as Jepsen calls it, where Jepsen looks for it
	Broken  string // a headline
	Meaning string // one sentence
}

// types are sorted with the worst first: the first found gives a result its headline and its counterexample.
var types = []Type{
	{"inconsistent-offsets", "one offset held two messages", "Calls disagree on the message at an offset."},
	{"lost-write", "an acknowledged message was lost", "A message that certainly was sent was never polled, though one behind it was."},
	{"duplicate", "a message was in its log twice", "A message was sent once, and is at two offsets."},
	{"garbage-read", "a message was polled that was never sent", "A poll returned a message that no call sent."},
	{"G1a", "a message of a failed transaction was polled", "A poll returned a message of a call that failed: an aborted read."},
	{"precommitted-read", "a transaction polled its own message", "A transaction polled what it sent, before it committed."},
	{"G1c", "transactions polled in a circle", "Each of a cycle of transactions polled what the one before it sent."},
	{"G1c-process", "transactions of sessions polled in a circle", "A cycle as of G1c, in which some came after others of their process."},
	{"G1c-realtime", "a message was polled before it was sent", "A cycle as of G1c, in which some began after others had ended."},
	{"int-nonmonotonic-poll", "a transaction polled backwards", "Polls of one transaction went back in a log, or stood still."},
	{"int-poll-skip", "a transaction polled past a message", "Polls of one transaction left out a message between two that they returned."},
	{"nonmonotonic-poll", "a consumer polled backwards", "A process polled at, or before, where its polls had ended before."},
	{"poll-skip", "a consumer polled past a message", "Two polls of a process, one after the other, left out a message between them."},
	{"int-nonmonotonic-send", "a transaction sent out of order", "A message of a transaction is in the log before one that it sent earlier."},
	{"nonmonotonic-send", "messages of a producer are out of order", "A message of a process is in the log before one that it had sent earlier."},
	{"unseen", "acknowledged messages were never polled", "At the end, no OK call had polled a message that was acknowledged. Those that were lost are among them."},
	{"G0", "transactions wrote in a circle", "Each of a cycle of transactions sent a message behind one of the transaction before it."},
	{"G0-process", "transactions of sessions wrote in a circle", "A cycle as of G0, in which some came after others of their process."},
	{"G0-realtime", "a message is before one that had been sent", "A cycle as of G0, in which some began after others had ended."},
	{"int-send-skip", "messages of transactions are interleaved", "Messages of others are between two that a transaction sent one after the other."},
}

// Types returns the kinds of anomalies that [Judge] finds, the worst first.
//
// Kafka promises nothing about four of them, which are reported and do not make a history invalid: int-send-skip and the three of
// G0, since transactions write into a log in turns. The same is true of poll-skip and nonmonotonic-poll of a process that subscribes,
// because its group may give a log to another and back at any time.
func Types() []Type { return append([]Type(nil), types...) }
