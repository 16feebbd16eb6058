package consistency_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/consistency"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// TestTranscripts: go test ./checker/consistency -run TestTranscripts -rewrite writes what is found now.
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		checkertest.Transcripts(t, path, func(command, name string) checker.Checker {
			if name != "register" {
				return nil
			}
			if command == "all" {
				return consistency.New(model.Register())
			}
			c, err := consistency.Named(model.Register(), command)
			if err != nil {
				return nil
			}
			return c
		})
	})
}
