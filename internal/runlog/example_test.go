package runlog_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/runlog"
)

// What was added is in the file at once. The log is in use, so nothing is found that
// was cut short; a process that dies now leaves it to be found.
func ExampleLog() {
	dir, err := os.MkdirTemp("", "runlog")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	l, err := runlog.Create(dir)
	if err != nil {
		panic(err)
	}
	if err := l.Begin([]byte(`{"seed": 7}`)); err != nil {
		panic(err)
	}
	l.Add(history.Op{Time: time.Second, Type: history.Invoke, Input: 1})
	text, err := os.ReadFile(filepath.Join(l.Dir(), runlog.HistoryFile))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", bytes.TrimRight(text, "\n"))
	found, err := runlog.Find(dir)
	fmt.Println(len(found), err)
	if err := l.End(); err != nil {
		panic(err)
	}
	fmt.Println(l.Close())
	// Output:
	// {"index":0,"time":1000000000,"process":0,"type":"invoke","input":1}
	// 0 <nil>
	// <nil>
}
