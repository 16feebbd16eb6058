package gateway

import (
	"context"
	"io"
)

// cancelled is the body of an answer that ends a ctx when it is closed.
type cancelled struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the body.
func (b cancelled) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
