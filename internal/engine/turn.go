package engine

import (
	"context"
	"testing"

	"github.com/capsize-go/capsize/internal/turn"
)

// TakeTurn waits until no other run is under way in the process: see [turn.Take].
func TakeTurn(ctx context.Context, t *testing.T) (end func(), err error) { return turn.Take(ctx, t) }
