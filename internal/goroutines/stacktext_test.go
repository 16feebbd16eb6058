package goroutines

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPortableStack(t *testing.T) {
	const stack = "goroutine 7 [running]:\n" +
		"runtime/debug.Stack()\n\t/opt/go/src/runtime/debug/stack.go:26 +0x5e\n" +
		"panic({0x6e1a40?, 0xc00012c2d0?})\n\t/opt/go/src/runtime/panic.go:860 +0x13a\n" +
		"example.com/a/store.(*Node).Run(0xc0001, {0x1, 0x2})\n\t/home/x/a/store/node.go:12 +0x1d\n" +
		"example.com/a/store.Trim(...)\n\texample.com/a/store/trim.go:3\n" +
		"example.com/a/store.open.func1()\n\tC:/x/a/store/open.go:4 +0x1\n" +
		"created by example.com/a/store.Start in goroutine 1\n\t/home/x/a/store/start.go:9 +0x2a\n"
	const want = "goroutine [running]:\n" +
		"runtime/debug.Stack()\n\truntime/debug/stack.go:26\n" +
		"panic(...)\n\truntime/panic.go:860\n" +
		"example.com/a/store.(*Node).Run(...)\n\texample.com/a/store/node.go:12\n" +
		"example.com/a/store.Trim(...)\n\texample.com/a/store/trim.go:3\n" +
		"example.com/a/store.open.func1()\n\texample.com/a/store/open.go:4\n" +
		"created by example.com/a/store.Start in goroutine\n\texample.com/a/store/start.go:9\n"
	assert.Equal(t, want, PortableStack(stack))
	assert.NotRegexp(t, `0x|goroutine \d|\t/`, PortableStack(string(debug.Stack())))
}
