package linearizable_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/linearizable"
	"github.com/capsize-go/capsize/model"
)

// Operations that were recorded for porcupine are judged, and explained.
func ExampleOperations() {
	h, err := linearizable.Operations([]porcupine.Operation{
		{ClientId: 0, Input: model.KVOp{F: "put", Key: "x", Value: "a"}, Output: "", Call: 10, Return: 20},
		{ClientId: 1, Input: model.KVOp{F: "get", Key: "x"}, Output: "", Call: 30, Return: 40},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(linearizable.New(model.KV()).Check(context.Background(), h).Verdict)
	// Output: invalid
}

func TestOperations(t *testing.T) {
	put := func(client int, value string, call, ret int64) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Input: model.KVOp{F: "put", Value: value}, Output: "", Call: call, Return: ret}
	}
	get := porcupine.Operation{Input: model.KVOp{F: "get"}, Output: "b", Call: 30, Return: 40}
	for name, c := range map[string]struct {
		ops  []porcupine.Operation
		want checker.Verdict
		err  string
	}{
		"touching calls overlap": {[]porcupine.Operation{put(0, "b", 40, 50), get}, checker.Valid, ""},
		"no client is set":       {[]porcupine.Operation{put(0, "a", 1, 20), put(0, "b", 2, 3), get}, checker.Valid, ""},
		"never returned":         {[]porcupine.Operation{put(0, "b", 1, math.MaxInt64), put(0, "a", 2, 3), get}, checker.Valid, ""},
		"none":                   {nil, checker.Valid, ""},
		"backwards":              {[]porcupine.Operation{put(0, "b", 3, 2)}, 0, "operation 0 returns at 2, before its call at 3"},
		"negative":               {[]porcupine.Operation{put(-1, "b", 3, 4)}, 0, "operation 0: ClientId -1 is negative"},
		"overlap": {[]porcupine.Operation{put(1, "a", 1, 20), put(1, "b", 2, 30), get}, 0,
			"operation 1 of client 1 begins at 2, while operation 0 of it is open: give each client a ClientId of its own, or all of them the same"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := linearizable.Operations(c.ops)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			if len(c.ops) > 0 {
				assert.Equal(t, c.want, linearizable.New(model.KV()).Check(t.Context(), h).Verdict)
			}
		})
	}
}
