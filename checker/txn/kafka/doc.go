// Package kafka judges logs like Kafka's: partitions, each a totally ordered log, to which processes send messages and from which they
// poll them, in transactions or not.
//
// A system answers a send with the offset that the message was given, and a poll with pairs of offset and message. From these
// [Judge] infers the order of each log, and finds what no log explains: one offset with two messages, a message at two offsets, an
// acknowledged message that consumers polled past, consumers that skip messages or go back. Names and rules of anomalies are those of
// the workload kafka of Jepsen, which found them in Redpanda (https://jepsen.io/analyses/redpanda-21.10.1). [Types] lists them.
//
// Histories are those of a run of one's own, whose inputs are a [Request] and whose outputs are a [Reply], or those of Jepsen as
// [history.Decode] reads them.
package kafka
