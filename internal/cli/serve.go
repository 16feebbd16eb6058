package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/failure"
	"github.com/capsize-go/capsize/internal/fileserver"
	"github.com/capsize-go/capsize/report/index"
)

func (a *app) showCommand() *cobra.Command {
	var port int
	var open bool
	cmd := &cobra.Command{
		Use:   "show [DIR|FILE|NAME|ID]",
		Short: "Serve pages of runs to the browser of this machine",
		Long: `Show serves a folder of reports, by default ` + reportsDir + `, or one run of it, by its
folder, its name or the ID that the name ends with, or the folder of a page, and prints the address. Only files below the folder are served, and only to
this machine. Ctrl-C ends it.

Of the file of a minimised failure it prints what happened, the parameters, the plan and the operations.

The pages are files that need no server: a browser opens them as well. Show writes the index
of a folder of reports anew first, so that it has all runs.`,
		Example: `  capsize show
  capsize show --open
  capsize show 77fc65a3 --port 8080`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("show takes one folder or file, not %d; see capsize show --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			path := reportsDir
			if len(args) == 1 {
				path = args[0]
			}
			if small, err := failure.Is(path); err == nil && small {
				return a.showFailure(path)
			}
			return a.serve(cmd.Context(), path, port, open)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&port, "port", 0, "port to listen on; 0: any that is free")
	f.BoolVar(&open, "open", false, "open the page in the browser")
	return cmd
}

// showFailure prints the file of a minimised failure, but for its history, which is long.
func (a *app) showFailure(path string) error {
	f, err := failure.Read(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("show: %w", err)
	}
	text = bytes.TrimSuffix(text, f.History)
	text = bytes.TrimSuffix(bytes.TrimRight(text, "\r\n"), []byte("history"))
	_, err = fmt.Fprintf(a.out, "%s# To re-run, or to print it as a test with --as-test:\n%s replay %s\n", text, programName(), quoted(path))
	return err
}

// serve serves a folder, or the folder of a page, until ctx ends.
func (a *app) serve(ctx context.Context, path string, port int, open bool) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("--port must be from 0 to 65535, not %d", port)
	}
	dir, page, err := a.toServe(path)
	if err != nil {
		return err
	}
	s, err := fileserver.Listen(dir, port)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it has ended by then
	url := s.URL(page)
	fmt.Fprintf(a.out, "%s\n", url)
	fmt.Fprintf(a.err, "serving %s; Ctrl-C ends it\n", dir)
	if open {
		if err := openInBrowser(ctx, url); err != nil {
			fmt.Fprintf(a.err, "capsize: --open: %v\n", err)
		}
	}
	return s.Serve(ctx)
}

// toServe returns the folder to serve, and the page in it to begin with.
func (a *app) toServe(path string) (dir, page string, err error) {
	path = reportNamed(path)
	info, err := os.Stat(path)
	if os.IsNotExist(err) && path == reportsDir {
		return "", "", fmt.Errorf("there is no folder %s here: capsize run makes one, and go test does when a test fails", reportsDir)
	}
	if os.IsNotExist(err) {
		return "", "", fmt.Errorf("there is no folder or file %q, and no run in %s whose name ends with it as its ID", path, reportsDir)
	}
	if err != nil {
		return "", "", fmt.Errorf("show: %w", err)
	}
	if !info.IsDir() {
		if filepath.Ext(path) == ".jsonl" || filepath.Ext(path) == ".edn" {
			return "", "", fmt.Errorf("%s is a history and no page; capsize check %s judges it, and writes a page if it is not valid", path, quoted(path))
		}
		return filepath.Dir(path), filepath.Base(path), nil
	}
	f := index.Scan(path)
	_, err = os.Stat(filepath.Join(path, index.File))
	switch {
	case len(f.Runs)+len(f.Sweeps) > 0: // a folder of reports
		a.index(path)
	case err != nil:
		return "", "", fmt.Errorf("%s has no %s and no runs", path, index.File)
	}
	return path, "", nil
}

// reportNamed returns the folder of a report that is named by its ID, the eight digits at the end of its name, or by its name alone; any
// other path is returned as it is.
func reportNamed(path string) string {
	if _, err := os.Stat(path); err == nil || filepath.Base(path) != path {
		return path
	}
	if inside := filepath.Join(reportsDir, path); isFolder(inside) {
		return inside
	}
	if !reportID.MatchString(path) {
		return path
	}
	if found, err := filepath.Glob(filepath.Join(reportsDir, "*-"+path)); err == nil && len(found) == 1 {
		return found[0]
	}
	return path
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

var reportID = regexp.MustCompile(`^[0-9a-f]{8}$`)

// openInBrowser opens an address with what the platform has for that.
func openInBrowser(ctx context.Context, url string) error {
	name, args := opener(runtime.GOOS)
	cmd := exec.CommandContext(ctx, name, append(args, url)...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // what the browser ends with says nothing
	return nil
}

// opener returns the command of a platform that opens addresses, and its first arguments.
func opener(goos string) (name string, args []string) {
	switch goos {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	return "xdg-open", nil
}
