package browser

import (
	"os"
	"path/filepath"
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
	for _, k := range append(append([]kind{}, findings...), crashes...) {
		p := open(t, k.make(t).file)
		p.settle()
		picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		picture, err = small(picture)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(picture), mostBytes, k.name)
		require.NoError(t, os.WriteFile(filepath.Join(*screenshots, k.name+".png"), picture, 0o644))
	}
}
