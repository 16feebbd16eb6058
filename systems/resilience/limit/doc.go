// Package limit has gateways that admit requests by a rate limiter, so that a history shows what each limiter really admits: the
// libraries that people deploy, the textbook's algorithms, and limiters that several gateways share in a Redis.
//
// A [Maker] makes the limiter of a gateway. Each decision is a call of kind admit in the history (see
// [github.com/capsize-go/capsize/model.RequestOp]).
package limit
