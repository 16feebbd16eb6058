package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Toolchain is an installed Go.
type Toolchain struct {
	Root    string // GOROOT, as the go command is to print it
	Version string // GOVERSION: go1.26.8
	Flags   string // GOFLAGS
	Dir     string // the folder that it was asked for in
	Linked  bool   // Root is a link of ours to where the go command has it, which it does not find by itself
}

// Installed returns the toolchain that the go command uses in a folder: go.mod may choose another one than that which is installed.
func Installed(dir string) (Toolchain, error) {
	cmd := exec.Command("go", "env", "-json", "GOROOT", "GOVERSION", "GOFLAGS", "GOMODCACHE")
	cmd.Dir = dir
	b, err := cmd.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return Toolchain{}, fmt.Errorf("go env: %w", err)
	}
	var env struct{ GOROOT, GOVERSION, GOFLAGS, GOMODCACHE string }
	if err := json.Unmarshal(b, &env); err != nil {
		return Toolchain{}, fmt.Errorf("go env: %w", err)
	}
	t := Toolchain{Root: env.GOROOT, Version: env.GOVERSION, Flags: env.GOFLAGS, Dir: dir}
	if within(env.GOMODCACHE, env.GOROOT) {
		return t.linked()
	}
	return t, nil
}

func within(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return dir != "" && err == nil && filepath.IsLocal(rel)
}

// linked returns the toolchain by another path. The go command replaces no file below GOMODCACHE, where it
// keeps the toolchains that it fetches.
func (t Toolchain) linked() (Toolchain, error) {
	dir, err := CacheDir()
	if err != nil {
		return t, err
	}
	t.Linked = true
	link := filepath.Join(dir, "goroot", t.release())
	if to, err := os.Readlink(link); err == nil && to == t.Root {
		t.Root = link
		return t, nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
		return t, cacheError(err)
	}
	tmp := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := errors.Join(os.Symlink(t.Root, tmp), os.Rename(tmp, link)); err != nil {
		return t, cacheError(fmt.Errorf("give %s another path: %w", t.Root, err))
	}
	t.Root = link
	return t, nil
}

// Command returns a command of the toolchain's go command, to be run in a folder, with an environment that has it use this very toolchain.
func (t Toolchain) Command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(t.Root, "bin", "go"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOROOT="+t.Root, "GOTOOLCHAIN=local")
	return cmd
}

// cacheError says what can be done if the folder for overlays can't be written.
func cacheError(err error) error {
	return fmt.Errorf("write the overlay (CAPSIZE_CACHE names another folder for it): %w", err)
}

// CacheDir returns the folder where overlays are kept: that which CAPSIZE_CACHE names, or capsize in the user's folder for caches. It
// may be deleted at any time.
func CacheDir() (string, error) {
	if dir := os.Getenv("CAPSIZE_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the overlay, and CAPSIZE_CACHE names none: %w", err)
	}
	return filepath.Join(dir, "capsize"), nil
}
