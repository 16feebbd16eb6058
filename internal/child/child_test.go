package child_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/internal/child"
)

// TestPassOn has the second interrupt kill.
func TestPassOn(t *testing.T) {
	signals := make(chan os.Signal, 3)
	signals <- os.Interrupt
	signals <- os.Interrupt
	close(signals)
	var sent []os.Signal
	child.PassOn(signals, func(s os.Signal) error { sent = append(sent, s); return nil })
	assert.Equal(t, []os.Signal{os.Interrupt, os.Kill}, sent)
}
