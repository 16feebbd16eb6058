// Package trace is what happened on the network and on the hosts of a cluster in a window of virtual time: messages with their
// fate, roles, crashes, disks, marks and log lines. A report draws it and derives from it how an anomaly came about.
//
// A [Trace] is plain data, and it judges nothing. It is recorded when a seed is run again for the window of its
// counterexample, so that other runs pay nothing for it.
package trace

import "time"

// A Trace is what happened from From to To, each list in the order of time.
type Trace struct {
	From, To time.Duration // of virtual time since the run began
	Messages []Message     // by Sent, then ID
	Events   []Event       // by At
	Standing []Event       // what held when the window began: the last role of each host, hosts that were down or paused
	Dropped  int           // messages that are left out, since there were more than the recorder keeps
	Features []uint64      // that [Window.Features] asked for, each once, in no order that means anything; then there are no messages, and of events only roles, crashes and restarts
}

// A Message is what one host sent another: a message of [cluster.Host.Send] or [cluster.Host.Call], a datagram, or a segment of a
// connection.
type Message struct {
	ID       uint64        `json:"id"` // counts from 1 in the order of sending, over the whole run
	From     string        `json:"from"`
	To       string        `json:"to"`
	Sent     time.Duration `json:"sent"`
	At       time.Duration `json:"at"`                 // when it was delivered, or lost
	Lost     Loss          `json:"lost,omitempty"`     // why it was not delivered; empty if it was
	Fault    string        `json:"fault,omitempty"`    // the fault that lost, delayed or damaged it, as [cluster.Cluster.As] named it
	Reply    bool          `json:"reply,omitempty"`    // it answers a message of [cluster.Host.Call]
	Cause    uint64        `json:"cause,omitempty"`    // the message whose delivery led to it, where that is known; 0: none is
	Bytes    int           `json:"bytes,omitempty"`    // of a segment or datagram
	Protocol string        `json:"protocol,omitempty"` // of a segment, where its first bytes show it: see [HTTP]

	Description
}

// The protocols that the first bytes of a segment show; see [Message.Protocol].
const (
	HTTP  = "http"  // HTTP/1
	HTTP2 = "http2" // HTTP/2 whose requests are none of gRPC
	GRPC  = "grpc"  // HTTP/2 with requests of gRPC
	RESP  = "resp"  // of Redis
)

// A Loss is the reason why a message was not delivered.
type Loss string

// The reasons.
const (
	Cut     Loss = "cut"     // the link was cut
	Chance  Loss = "chance"  // the link is lossy
	Down    Loss = "down"    // the receiver was down
	Crashed Loss = "crashed" // the sender crashed before it left
	Pending Loss = "pending" // it was on its way when the recording ended
)

// A Description is what a message says of itself.
type Description struct {
	Name    string `json:"name,omitempty"`    // its kind, as "append" or "vote"; the filters of the diagram are by it
	Text    string `json:"text,omitempty"`    // one line for a person: "append of term 5, entries 12 to 14"
	Term    uint64 `json:"term,omitempty"`    // the term, ballot, view or epoch of the sender; 0: it has none
	Idle    bool   `json:"idle,omitempty"`    // it only keeps something alive, as a heartbeat does
	Carries []Item `json:"carries,omitempty"` // the writes in it: who receives it has them
	Asks    []Item `json:"asks,omitempty"`    // the reads in it: without values in a request, and with those that were read in an answer
}

// An Item is a key with a value, as the history shows them.
type Item struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// A Describer is a message that says what it is. What is no Describer is shown by its type, or by its String method.
type Describer interface {
	Describe() Description
}

// An AnswerDescriber is the answer to a message of [cluster.Host.Call] that says what it is, given the message that it answers: an
// answer need not bear the key that was asked for.
type AnswerDescriber interface {
	DescribeAnswer(request any) Description
}

// A Typed message says of which kind it is, without the cost of a [Description]. It is for messages that have one Go type and several kinds; the kind
// of others is their type.
type Typed interface {
	MessageType() string
}

// An Abstract is a node that says in which state it is, as a hash of few values: two states that differ in nothing of interest, as in the keys that
// they hold or in the length of their logs, have one hash. See [cluster.Host.SetState].
type Abstract interface {
	Abstract() uint64
}

// A Kind says what an event is.
type Kind string

// The kinds of event.
const (
	Role    Kind = "role"    // Text is the new role, Term its term
	Crash   Kind = "crash"   // Text is what was lost
	Restart Kind = "restart" // of a host that was down
	Pause   Kind = "pause"   //
	Resume  Kind = "resume"  //
	Sync    Kind = "sync"    // a disk was synced
	Mark    Kind = "mark"    // of [cluster.Host.Reachable] and its like
	Log     Kind = "log"     // a line of [cluster.Host.Log]
	Disk    Kind = "disk"    // a fault of the disk: Text says which
	Clock   Kind = "clock"   // the clock was set wrong, or right again
	Link    Kind = "link"    // the link from Host to Peer was impaired, as by a cut, or is as it was again
	Service Kind = "service" // a fault of what is up, as slow work or names that are resolved wrongly, began or ended
	Healed  Kind = "healed"  // all faults were healed at once; it has no host
)

// An Event is something that happened on one host.
type Event struct {
	At    time.Duration `json:"at"`
	Host  string        `json:"host"`
	Kind  Kind          `json:"kind"`
	Peer  string        `json:"peer,omitempty"` // of a link: where it leads
	Text  string        `json:"text,omitempty"`
	Term  uint64        `json:"term,omitempty"`
	Fault string        `json:"fault,omitempty"` // the fault that did it, as [cluster.Cluster.As] named it
	Ends  bool          `json:"ends,omitempty"`  // a fault that Text describes ends; else it begins
	Once  bool          `json:"once,omitempty"`  // it is one effect of a fault, as a write that failed, and no state that lasts
}
