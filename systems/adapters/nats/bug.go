package nats

import "github.com/capsize-go/capsize/internal/bugset"

// A Bug is a set of mistakes in the use of a [JetStream].
type Bug uint

const (
	// LazySync leaves sync_interval at its default: servers acknowledge messages that they sync up to two minutes later. They lose
	// some if the power of a majority fails, which is documented: https://docs.nats.io/nats-concepts/jetstream. Without this mistake
	// sync_interval is "always". https://github.com/nats-io/nats-server/issues/7564
	LazySync Bug = 1 << iota

	// NoMsgID publishes a message without the header Nats-Msg-Id, by which the server knows it again: when an acknowledgement is lost
	// and the client publishes again, the message is in the stream twice.
	// https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive
	NoMsgID
)

// Bugs are all bugs by their names, with what each does.
var Bugs = bugset.New("nats",
	bugset.Of(LazySync, "lazy-sync", "sync_interval is the default of two minutes, and not always"),
	bugset.Of(NoMsgID, "no-msg-id", "a publish that is tried again has no message id"),
)

// String returns the names of the bugs, comma-separated, or none.
func (b Bug) String() string { return Bugs.Text(b) }
