package browser

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// probes are functions that measure a page from the inside, as probe.NAME().
//
//go:embed probe.js
var probes string

// A tab shows one page, and notes what goes wrong in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	url  string // of the page's own file
	file string

	mu       sync.Mutex
	problems []string
	requests []string // to anything but the page's own file
}

// The sizes of the window: of a laptop, and of a phone.
const (
	wide, high = 1440, 900
	phone      = 390
)

// open shows a file in a tab of its own.
func open(t *testing.T, file string) *tab {
	t.Helper()
	needBrowser(t)
	ctx, cancel := chromedp.NewContext(shared.browser)
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, slow)
	t.Cleanup(end)
	file, err := filepath.Abs(file)
	require.NoError(t, err)
	p := &tab{t: t, ctx: ctx, file: file, url: (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()}
	require.NoError(t, chromedp.Listen(ctx, p.listen))
	call(p, network.Enable, network.EnableParams{})
	p.do(chromedp.EmulateViewport(wide, high), chromedp.Navigate(p.url), script(probes))
	return p
}

// listen notes errors of the page and what it asks for.
func (p *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		p.problem("console.%s of %d values", e.Type, len(e.Args))
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text = e.ExceptionDetails.Exception.Description
		}
		p.problem("exception: %s", text)
	case *cdplog.EventEntryAdded:
		p.problem("%s: %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		p.problem("a dialog opened: %s", e.Message)
		go func() { // a listener may not wait
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
		}()
	case *network.EventRequestWillBeSent:
		own, _, _ := strings.Cut(e.Request.URL, "#")
		if own != p.url && !strings.HasPrefix(own, "data:") {
			p.mu.Lock()
			p.requests = append(p.requests, e.Request.URL)
			p.mu.Unlock()
		}
	}
}

func (p *tab) problem(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// troubles returns what went wrong since the page was opened, and what it asked for elsewhere.
func (p *tab) troubles() (problems, requests []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.problems, p.requests
}

// do runs actions in the tab.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, actions...))
}

// call runs a command of the protocol in the tab.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	require.NoError(p.t, err)
	return r
}

// script is JavaScript whose value does not matter.
func script(s string) chromedp.Action[chromedp.Void] { return chromedp.Evaluate[chromedp.Void](s) }

// eval returns the value of an expression in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	require.NoError(p.t, err, expression)
	return v
}

// resize sets the size of the window, and waits until the page is laid out and painted.
func (p *tab) resize(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
	p.settle()
}

// settle waits until what was changed is painted.
func (p *tab) settle() {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`, chromedp.EvalAwaitPromise))
}
