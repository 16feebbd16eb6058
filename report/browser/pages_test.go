package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPages opens every kind of page of a run.
func TestPages(t *testing.T) {
	for _, k := range slices.Concat(findings, crashes, others) {
		t.Run(k.name, func(t *testing.T) {
			m := k.make(t)
			p := open(t, m.file)
			checkAnswer(t, p, k)
			checkPage(t, p)
		})
	}
}

// checkAnswer checks that a page has the verdict, the command that runs it again, and the values of the counterexample.
func checkAnswer(t *testing.T, p *tab, k kind) {
	t.Helper()
	assert.Contains(t, eval[string](p, `document.querySelector("h1 .verdict").textContent`), k.verdict)
	command := eval[string](p, `document.querySelector(".rerun code").textContent`)
	if k.run != nil {
		assert.Equal(t, rerun(k), command)
		return
	}
	r := readResult(t, p.file)
	assert.Equal(t, k.verdict, r.Verdict)
	assert.Equal(t, r.Command, command)
	text := eval[string](p, `document.body.textContent`)
	for _, call := range r.Counterexample {
		for _, v := range append(leaves(call.Input), leaves(call.Output)...) {
			assert.Contains(t, text, v, "a value of the counterexample")
		}
	}
	if k.verdict == "invalid" {
		assert.NotEmpty(t, r.Headline)
		assert.Contains(t, strings.ToLower(text), strings.ToLower(r.Headline))
	}
}

// A result is what the tests need of result.json.
type result struct {
	Verdict, Headline, Command string
	Counterexample             []struct{ Input, Output any }
}

func readResult(t *testing.T, page string) result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(page), "result.json"))
	require.NoError(t, err)
	var r result
	require.NoError(t, json.Unmarshal(data, &r))
	return r
}

// leaves returns the texts and numbers of a value, without its name of a function.
func leaves(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case float64:
		if v != 0 { // what a call that returns nothing has
			return []string{fmt.Sprintf("%.0f", v)}
		}
	case []any:
		for _, e := range v {
			all = append(all, leaves(e)...)
		}
	case map[string]any:
		for _, name := range []string{"key", "value", "old", "new", "id"} {
			all = append(all, leaves(v[name])...)
		}
	}
	return all
}

// checkPage checks what must hold of every page.
func checkPage(t *testing.T, p *tab) {
	t.Helper()
	assert.Equal(t, "en", eval[string](p, `document.documentElement.lang`))
	assert.NotEmpty(t, eval[string](p, `document.title`))
	assert.True(t, strings.HasPrefix(policy(p), "default-src 'none'"), "the policy of the page: %s", policy(p))
	assert.Zero(t, eval[int](p, `document.scripts.length`), "scripts")
	assert.Empty(t, eval[[]string](p, `probe.duplicates()`), "ids that two elements have")
	assert.Empty(t, eval[[]string](p, `probe.tooWide()`), "wider than %d px", wide)
	checkLinks(t, p)
	checkAccess(t, p)
	checkKeyboard(t, p)
	checkPhone(t, p)
	checkQuiet(t, p)
}

// checkQuiet checks that a page reported no error and asked for nothing but itself.
func checkQuiet(t *testing.T, p *tab) {
	t.Helper()
	problems, requests := p.troubles()
	assert.Empty(t, problems, "what the page reports")
	assert.Empty(t, requests, "requests to anything but the page")
}

func policy(p *tab) string {
	return eval[string](p, `(document.querySelector("meta[http-equiv=Content-Security-Policy]") || {content: ""}).content`)
}

// checkLinks checks that every link leads to something: in the page, or to a file beside it.
func checkLinks(t assert.TestingT, p *tab) {
	links := eval[struct{ Broken, Others []string }](p, `probe.links()`)
	assert.Empty(t, links.Broken, "anchors that are not in the page")
	for _, href := range links.Others {
		u, err := url.Parse(href)
		if !assert.NoError(t, err) || !assert.Empty(t, u.Scheme+u.Host, "%s leads out of the folder", href) {
			continue
		}
		file := filepath.Join(filepath.Dir(p.file), filepath.FromSlash(u.Path))
		content, err := os.ReadFile(file)
		if assert.NoError(t, err, "%s leads nowhere", href) && u.Fragment != "" {
			assert.Contains(t, string(content), `id="`+u.Fragment+`"`, href)
		}
	}
}

// checkPhone checks a page in a window as wide as a phone: nothing reaches out of it, and the texts can be read.
func checkPhone(t *testing.T, p *tab) {
	t.Helper()
	p.resize(phone, 844)
	assert.Empty(t, eval[[]string](p, `probe.tooWide()`), "wider than %d px", phone)
	assert.Empty(t, eval[[]string](p, `probe.small(9)`), "texts that are too small on a phone")
	p.resize(wide, high)
}
