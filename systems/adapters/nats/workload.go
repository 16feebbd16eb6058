package nats

import (
	"context"
	"strconv"

	"github.com/capsize-go/capsize/checker/txn/kafka"
	"github.com/capsize-go/capsize/workloads"
)

// Workload is [workloads.Kafka] on streams: clients publish to logs and poll them, one operation at a time. In the end each client reads
// all logs, so that an acknowledged message which is in none is lost.
func (s JetStream) Workload(logs int) workloads.Workload {
	w := workloads.Kafka(s.Open, workloads.LogMix{Logs: logs, MinLength: 1, MaxLength: 1, PollShare: 0.3, AssignEvery: 50})
	w.Name = "logs of JetStream"
	var names []string
	for i := range logs {
		names = append(names, log(i))
	}
	w.Setup = func(ctx context.Context, c workloads.Client) error {
		_, err := c.Invoke(ctx, kafka.Request{F: create, Keys: names})
		return err
	}
	return w
}

// log returns the name of a log, as the workload has it.
func log(i int) string { return "log" + strconv.Itoa(i) }
