package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	const in = `goos: linux
BenchmarkModels/stack/n=1000/c=5/unknown=0%/bad=false/ours 	 100	 2000000 ns/op	 300 B/call	 2.000 cpu-ms/op	 1 allocs/op
BenchmarkModels/stack/n=1000/c=5/unknown=0%/bad=false/porcupine-2 	 1	 9 ns/op	 900 B/call	 8.000 cpu-ms/op	 4.000 x-ours
BenchmarkModels/stack/n=1000/c=5/unknown=1%/bad=true/ours 	 100	 2000000 ns/op	 310 B/call	 20.00 cpu-ms/op
BenchmarkModels/stack/n=1000/c=5/unknown=1%/bad=true/porcupine 	 1	 9 ns/op	 900 B/call	 2000 cpu-ms/op	 1.000 unanswered
BenchmarkModels/log/n=1000/c=5/unknown=0%/bad=false/ours 	 100	 2000000 ns/op	 300 B/call	 2000 cpu-ms/op	 1.000 unanswered
BenchmarkModels/log/n=1000/c=5/unknown=0%/bad=false/porcupine 	 1	 9 ns/op	 900 B/call	 8.000 cpu-ms/op
BenchmarkOther 	 1	 9 ns/op
`
	var out bytes.Buffer
	require.NoError(t, run(strings.NewReader(in), &out))
	passed, table, _ := strings.Cut(out.String(), "\nCPU ms")
	assert.Equal(t, in, passed)
	assert.Contains(t, table, "| stack | 1000 | 2 | 11, 20 | 310 | 1004, 2000 | 0 | 1 | 52 | 4 |\n")
	assert.Contains(t, table, "| log | 1000 | 1 | 2000, 2000 | 300 | 8, 8 | 1 | 0 | 0 | 0 |\n")
	assert.Contains(t, table, "| all |  | 3 |")
}

func TestNoPairs(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(strings.NewReader("PASS\n"), &out))
	assert.Equal(t, "PASS\n", out.String())
}
