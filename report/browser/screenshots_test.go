package browser

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mostBytes bounds a picture, so that the repository stays small.
const mostBytes = 150 << 10

// TestScreenshots writes the first screen of each finding into the folder of the flag -screenshots, and is skipped
// without it.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("needs -screenshots DIR")
	}
	require.NoError(t, os.MkdirAll(*screenshots, 0o755))
	for _, k := range slices.Concat(findings, crashes) {
		takePicture(t, open(t, k.make(t).file), k.name)
	}
	narrow := open(t, findings[0].make(t).file)
	narrow.resize(phone, 844)
	takePicture(t, narrow, findings[0].name+"-phone")
	takePicture(t, open(t, folder(shared.work)("capsize-report", "index.html")), "index")
}

// takePicture writes what a tab shows into a file of the folder.
func takePicture(t *testing.T, p *tab, name string) {
	t.Helper()
	p.settle()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	picture, err = small(picture)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(picture), mostBytes, name)
	require.NoError(t, os.WriteFile(filepath.Join(*screenshots, name+".png"), picture, 0o644))
}
