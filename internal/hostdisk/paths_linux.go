//go:build amd64 || arm64

package hostdisk

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A place is a folder of the machine in whose stead each host has one of its own.
type place struct{ machine, host string }

// places returns what a program takes to be its own on a machine: the working directory, the folder for temporary files, the user's, and
// what a service has below /var. The longest one comes first.
func places() (all []place) {
	add := func(machine, host string) {
		if machine != "" && machine != "/" {
			all = append(all, place{filepath.Clean(machine), host})
		}
	}
	if dir, err := os.Getwd(); err == nil {
		add(dir, Data)
	}
	add("/root", "home")
	add("/tmp", "tmp")
	add("/var", "var")
	sorting.Func(all, func(a, b place) int { return cmp.Compare(len(b.machine), len(a.machine)) })
	return all
}

// folders are made for each host: those that a machine has.
var folders = []string{Data, "home", "tmp", "var/cache", "var/lib", "var/log", "var/run", "var/tmp"}

// beneath returns the rest of a path that is a folder or below it.
func beneath(dir, path string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// move replaces the paths of a call by where the files are.
func (s *Disks) move(c *call) {
	dirfd, toDirfd := atCWD, atCWD
	switch c.Trap {
	case syscall.SYS_SYMLINKAT:
		toDirfd = c.fd(1)
	case syscall.SYS_TRUNCATE, syscall.SYS_STATFS, syscall.SYS_SETXATTR, syscall.SYS_GETXATTR, syscall.SYS_LISTXATTR, syscall.SYS_REMOVEXATTR:
	default:
		if !oldCalls[c.Trap] {
			dirfd, toDirfd = c.fd(0), c.fd(2)
		}
	}
	path := s.real(c.m, dirfd, c.Path, c.makesPath())
	to := s.real(c.m, toDirfd, c.To, true)
	c.Moved = path != c.Path || to != c.To
	c.Path, c.To = path, to
}

// makesPath reports whether the call may make the file of its first path.
func (c *call) makesPath() bool {
	switch c.Trap {
	case syscall.SYS_OPENAT:
		return c.Args[2]&syscall.O_CREAT != 0
	case syscall.SYS_MKDIRAT, syscall.SYS_MKNODAT:
		return true
	}
	return makesOld(c)
}

// real returns where the file of a path is. A host has a file of its own in a place of the machine if it has made one there; else it
// sees that of the machine.
func (s *Disks) real(m *mounted, dirfd int, path string, makes bool) string {
	if path == "" {
		return path
	}
	if rest, ok := beneath(Home, path); ok {
		return s.root + rest
	}
	if m == nil {
		return path
	}
	name := path
	if !filepath.IsAbs(path) {
		if dirfd != atCWD {
			return path
		}
		name = filepath.Join(s.dir, path)
	}
	name = filepath.Clean(name)
	if _, ok := beneath(s.root, name); ok {
		return path
	}
	for _, p := range s.places {
		rest, ok := beneath(p.machine, name)
		if !ok {
			continue
		}
		own := filepath.Join(m.d.root, p.host, rest)
		if _, _, there := inodeOf(own); there {
			return own
		}
		if _, _, there := inodeOf(filepath.Dir(own)); there && makes && rest != "" {
			return own
		}
		return path
	}
	return path
}

// NewDisks returns the disks of a run, whose files are below a folder. They see what goroutines of hosts do, until Close is
// called. One run of a process has such disks at a time.
func NewDisks(root string) *Disks {
	dir, _ := os.Getwd()
	s := &Disks{root: root, dir: dir, places: places(), hosts: map[string]*Disk{}, lives: map[detrt.Host]*mounted{}, warned: map[string]bool{}}
	detrt.SetFiles(s.before, s.after)
	return s
}

// Close ends that, and gives up the disks.
func (s *Disks) Close() {
	detrt.SetFiles(nil, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.hosts { // order: each by itself
		d.Close()
	}
}

// Add returns the disk of a host. The first call makes it, with the folders that a machine has.
func (s *Disks) Add(host string) (d *Disk, err error) {
	aside(func() { d, err = s.add(host) })
	return d, err
}

func (s *Disks) add(host string) (*Disk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.hosts[host]; d != nil {
		return d, nil
	}
	root := filepath.Join(s.root, host)
	for _, dir := range folders {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return nil, err
		}
	}
	d, err := New(root, false)
	if err == nil {
		s.hosts[host] = d
	}
	return d, err
}
