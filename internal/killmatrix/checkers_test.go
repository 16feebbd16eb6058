package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
)

// TestCheckersFire has a planted defect make each checker fire, and none of those whose twin can be run fire without it.
func TestCheckersFire(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, f := range firings() {
		t.Run(f.Checker, func(t *testing.T) {
			r, err := f.fires(t.Context(), t)
			require.NoError(t, err)
			assert.Equal(t, f.verdict, r.Verdict, "%s: %s", f.Defect, r.Reason)
			t.Log(r.Checker, "|", r.Reason)
			if f.twin == nil {
				return
			}
			r, err = f.judged(t.Context(), t, f.twin)
			require.NoError(t, err)
			assert.NotEqual(t, checker.Invalid, r.Verdict, "without the defect: %s", r.Reason)
		})
	}
}

// makers returns the exported functions of packages below dir that return a checker, as package.Function.
func makers(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "internal" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Recv != nil || f.Type.Results == nil {
				continue
			}
			switch result := types.ExprString(f.Type.Results.List[0].Type); result {
			case "checker.Checker", "Workload":
				names = append(names, file.Name.Name+"."+f.Name.Name)
			}
		}
		return nil
	}))
	return names
}

// notRules are functions that return a checker or a workload and have no rule of their own.
var notRules = map[string]string{
	"workloads.New":          "the checker is the caller's",
	"workloads.RegisterOver": "Register is RegisterOver on five keys",
}

// TestEveryCheckerIsListed has an entry for each function that makes a checker.
func TestEveryCheckerIsListed(t *testing.T) {
	fired := map[string]bool{}
	for _, f := range firings() {
		assert.False(t, fired[f.Checker], "%s is listed twice", f.Checker)
		fired[f.Checker] = !strings.HasSuffix(f.Checker, ", of every run")
	}
	names := append(makers(t, "../../checker"), makers(t, "../../workloads")...)
	require.Greater(t, len(names), 40)
	for _, name := range names {
		if notRules[name] == "" {
			assert.True(t, fired[name], "no planted defect makes %s fire: add one to firings", name)
		}
		delete(fired, name)
	}
	for name, constructed := range fired { // order: each is on its own
		assert.False(t, constructed, "firings has %s, which there is not", name)
	}
}
