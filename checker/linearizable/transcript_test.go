package linearizable_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/internal/checkertest"
	"github.com/capsize-go/capsize/model"
)

// TestTranscripts: go test ./checker/linearizable -run TestTranscripts -rewrite writes what is found now.
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		checkertest.Transcripts(t, path, func(_, name string) checker.Checker {
			return map[string]checker.Checker{
				"register":     linearizable.New(model.Register()),
				"cas-register": linearizable.New(model.CASRegister(0)),
				"queue":        linearizable.New(model.FIFOQueue()),
				"counter":      linearizable.New(model.Counter()),
				"mutex":        linearizable.New(model.Mutex()),
				"set":          linearizable.New(model.Set()),
				"log":          linearizable.New(model.Log()),
				"kv":           linearizable.New(model.KV()),
			}[name]
		})
	})
}
