package models_test

import (
	"context"
	"fmt"

	"github.com/capsize-go/capsize/catalog/models"
)

// A history of Jepsen is judged in a few lines.
func ExampleJudge() {
	j, err := models.Judge(context.Background(), "testdata/stale-read.edn", models.Options{Model: "cas-register"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j.Verdict, "of", j.History.Len(), "ops in format", j.Format)
	// Output: invalid of 4 ops in format edn
}
