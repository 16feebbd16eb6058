// Package browser tests the pages of Capsize in a real browser: that they load without an error or a request to
// elsewhere, that the first screen holds the answer, that filters, zoom, links and the keyboard work, and that a screen
// reader finds a name for everything.
//
// It is a module of its own, so that Capsize does not depend on what drives the browser. The tests need Chromium or
// Chrome, in PATH or named by CAPSIZE_BROWSER, and are skipped where there is none. The pictures of docs/img/pages are
// made with
//
//	go test -run TestScreenshots -screenshots ../../docs/img/pages .
package browser
