package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// screenshots is the folder that TestScreenshots writes its pictures into.
var screenshots = flag.String("screenshots", "", "write pictures of the first screens into this `folder`")

// slow bounds every wait for the browser. Nothing is measured by it: it only ends what hangs.
const slow = 2 * time.Minute

// The browser, the commands and the folders that all tests share.
var shared struct {
	browser context.Context // parent of the tabs; nil if there is no browser
	missing string          // why there is none
	bin     string          // folder with the commands, built from this tree
	work    string          // folder in which pages are made
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests with a browser, if one is found.
func run(m *testing.M) (int, error) {
	path, err := findBrowser()
	if err != nil {
		shared.missing = err.Error()
		fmt.Println("SKIPPED:", err)
		return m.Run(), nil
	}
	work, err := os.MkdirTemp("", "capsize-browser-")
	if err != nil {
		return 1, fmt.Errorf("folder of the tests: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	shared.work, shared.bin = filepath.Join(work, "pages"), filepath.Join(work, "bin")
	if err := buildCommands(shared.bin); err != nil {
		return 1, err
	}
	stop, err := startBrowser(path, filepath.Join(work, "profile"))
	if err != nil {
		return 1, err
	}
	defer stop()
	return m.Run(), nil
}

// findBrowser returns the path of Chromium or Chrome.
func findBrowser() (string, error) {
	if path := os.Getenv("CAPSIZE_BROWSER"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("CAPSIZE_BROWSER names no browser: %w", err)
		}
		return found, nil
	}
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no browser: none of %s is in PATH, and CAPSIZE_BROWSER is not set", strings.Join(names, ", "))
}

// buildCommands compiles capsize and its scenarios from this tree.
func buildCommands(into string) error {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return fmt.Errorf("folder of the commands: %w", err)
	}
	build := exec.Command("go", "build", "-o", into+string(filepath.Separator), "./cmd/capsize", "./cmd/capsize-scenarios")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the commands: %w\n%s", err, out)
	}
	return nil
}

// startBrowser starts one browser for all tests, with a profile of its own and without a network that it could use.
func startBrowser(path, profile string) (stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.WSURLReadTimeout(slow), chromedp.WindowSize(1440, 900))
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	browser, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(browser); err != nil {
		cancel()
		release()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	shared.browser = browser
	return func() { cancel(); release() }, nil
}

// needBrowser skips a test if there is no browser.
func needBrowser(t *testing.T) {
	t.Helper()
	if shared.browser == nil {
		t.Skip(shared.missing)
	}
}
