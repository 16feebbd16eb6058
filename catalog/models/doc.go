// Package models is the catalog of what recorded histories can be judged by: models
// of objects, consistencies, Jepsen's checkers, and the formats of files. It is what
// capsize check does, for Go:
//
//	j, err := models.Judge(ctx, "history.edn", models.Options{Model: "cas-register"})
//
// [Judge] reads and judges one file. [New] and [Check] do the same for many files, or
// in steps.
package models
