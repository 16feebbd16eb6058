package engine

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/capsize-go/capsize/internal/bubble"
)

var resolverOnce sync.Once

// readyResolver has package net read the machine's configuration of DNS before the
// first bubble. Package net keeps a channel with it, and one that was made in a
// bubble must not be used outside of that bubble: a library that looks up a name
// in two runs, as go-redis does with its default options, would end the process
// with "send on synctest channel from outside bubble".
func readyResolver() {
	resolverOnce.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()                                                // no query is to leave; the configuration is read all the same
		_, _ = net.DefaultResolver.LookupHost(ctx, "localhost") // what it finds does not matter
	})
}

// errNoLookup is what a look-up in a run ends with, unless the machine's file of hosts has the name.
var errNoLookup = errors.New("no query for a name leaves a run: dial by cluster.Host, which knows the names of the cluster")

// No query for a name leaves a run: virtual time would wait for the answer, and the answer would be another
// machine's. Look-ups outside of a run work as before, but always by Go's own resolver. This is done once, at
// the start of the process: package net reads the resolver without a lock.
func init() {
	resolver := net.DefaultResolver
	dial := resolver.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	resolver.PreferGo = true
	resolver.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if bubble.Inside() {
			return nil, errNoLookup
		}
		return dial(ctx, network, address)
	}
}
