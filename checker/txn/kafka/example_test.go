package kafka_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/history"
)

// A message that was acknowledged at offset 0 is never polled, though the one at offset 1 is.
func Example() {
	sent := func(value int, offset int64) (kafka.Request, kafka.Reply) {
		o := kafka.LogOp{F: kafka.Send, Key: "orders", Value: value}
		asked := kafka.Request{F: kafka.Send, Ops: []kafka.LogOp{o}}
		o.Known, o.Offset = true, offset
		return asked, kafka.Reply{Ops: []kafka.LogOp{o}}
	}
	first, firstAt := sent(7, 0)
	second, secondAt := sent(8, 1)
	polled := kafka.LogOp{F: kafka.Poll, Polled: map[string][]kafka.Message{"orders": {{Offset: 1, Value: 8}}}}
	h := history.Of(
		history.Op{Process: 0, Type: history.Invoke, Input: first},
		history.Op{Process: 0, Type: history.OK, Output: firstAt},
		history.Op{Process: 0, Type: history.Invoke, Input: second},
		history.Op{Process: 0, Type: history.OK, Output: secondAt},
		history.Op{Process: 1, Type: history.Invoke, Input: kafka.Request{F: kafka.Poll, Ops: []kafka.LogOp{{F: kafka.Poll}}}},
		history.Op{Process: 1, Type: history.OK, Output: kafka.Reply{Ops: []kafka.LogOp{polled}}},
	)
	r := kafka.Checker(kafka.Options{}).Check(context.Background(), h)
	fmt.Println(r.Headline())
	fmt.Println(r.Reason)
	fmt.Println(r.Counterexample.Reason)
	// Output:
	// an acknowledged message was lost
	// lost-write 1, unseen 1 (2 messages acknowledged, 1 polled)
	// process 0 sent 7 of log orders, and no OK call polled it, though process 1 polled 8 behind it
}
