package capsize

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/gosource"
	"github.com/capsize-go/capsize/workloads"
)

// spells reports whether this process was started by "capsize replay --as-test", to write the inputs of a saved failure as Go
// expressions, and does so: only the test knows their type.
func (x *runner) spells(t *testing.T) bool {
	t.Helper()
	file := os.Getenv(gosource.RequestVariable)
	if file == "" {
		return false
	}
	var q gosource.Request
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &q)
	}
	if err == nil && q.Test == x.name && q.Run == x.key {
		err = spell(q, x.test.Workload)
	}
	if err != nil {
		t.Fatalf("capsize: environment variable %s: %v", gosource.RequestVariable, err)
	}
	return true
}

func spell(q gosource.Request, w workloads.Workload) error {
	f, err := failure.Read(q.Failure)
	if err != nil {
		return err
	}
	script, err := f.Script(w)
	if err != nil {
		return err
	}
	source := gosource.File{Package: callersPackage()}
	for importPath, name := range q.Reserved { // order: each is a package of its own
		source.Reserve(importPath, name)
	}
	var a gosource.Answer
	for _, o := range script {
		text, err := source.Value(o.Input)
		if err != nil {
			text = "" // it is read from JSON
		}
		a.Texts = append(a.Texts, text)
	}
	a.Imports = source.Names()
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.WriteFile(q.Answer, b, 0o644); err != nil {
		return fmt.Errorf("write inputs: %w", err)
	}
	return nil
}

// callersPackage returns the import path of the package that called [Run].
func callersPackage() string {
	const here = "github.com/capsize-go/capsize."
	pcs := make([]uintptr, 20)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, here) {
			return packageOf(frame.Function)
		}
		if !more {
			return ""
		}
	}
}

// packageOf returns the import path of the package of a function, which has its full name: example.com/shop_test.TestStore.func1.
func packageOf(function string) string {
	last := strings.LastIndex(function, "/") + 1
	name, _, _ := strings.Cut(function[last:], ".")
	path, err := url.PathUnescape(function[:last] + name) // the compiler escapes dots of the last element
	if err != nil {
		return ""
	}
	return path
}
