package engine

import (
	"context"
	"net"
	"sync"
)

var resolverOnce sync.Once

// readyResolver has package net read the machine's configuration of DNS before the
// first bubble. Package net keeps a channel with it, and one that was made in a
// bubble must not be used outside of that bubble: a library that looks up a name
// in two runs, as go-redis does with its default options, would end the process
// with "send on synctest channel from outside bubble". What a look-up in a bubble
// finds is still the machine's business and takes wall time.
func readyResolver() {
	resolverOnce.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()                                                // no query is to leave; the configuration is read all the same
		_, _ = net.DefaultResolver.LookupHost(ctx, "localhost") // what it finds does not matter
	})
}
