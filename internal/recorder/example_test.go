package recorder_test

import (
	"fmt"
	"os"

	"github.com/capsize-go/capsize/internal/recorder"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// A run is recorded until it has been judged. Then nothing of it is left.
func Example() {
	dir, err := os.MkdirTemp("", "recorder")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	rec, err := recorder.New(dir)
	if err != nil {
		panic(err)
	}
	end := rec.During(savedrun.Record{System: "raftkv", Seed: 42})
	inProgress, _ := os.ReadDir(dir)
	end()
	fmt.Println(len(inProgress), "in progress;", len(rec.CutShort()), "cut short before;", rec.Err(), rec.Close())
	// Output:
	// 1 in progress; 0 cut short before; <nil> <nil>
}
