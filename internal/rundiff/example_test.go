package rundiff_test

import (
	"fmt"
	"os"

	"github.com/capsize-go/capsize/internal/rundiff"
)

// A process keeps its runs if the environment names a folder for them.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "runs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv(rundiff.Variable, dir)
	defer os.Unsetenv(rundiff.Variable)
	fmt.Println(rundiff.Write(rundiff.Run{Name: "TestStore", Seed: 7}, nil, nil))
	runs, err := rundiff.Read(dir)
	fmt.Println(len(runs), runs[0].Name, runs[0].Seed, err)
	// Output:
	// <nil>
	// 1 TestStore 7 <nil>
}
