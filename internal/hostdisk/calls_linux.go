//go:build amd64 || arm64

package hostdisk

import (
	"fmt"
	"strings"
	"sync"
	"syscall"

	"github.com/capsize-go/capsize/internal/detrt"
)

// Disks are the disks of a run, by the lives of its hosts.
type Disks struct {
	root   string // the folder with those of all hosts
	dir    string // the working directory of the process
	places []place

	mu     sync.Mutex
	hosts  map[string]*Disk
	lives  map[detrt.Host]*mounted
	warned map[string]bool
}

// mounted is a disk as a life of its host uses it.
type mounted struct {
	d *Disk
	h Host
}

// Mount gives a disk to a life of a host.
func (s *Disks) Mount(life detrt.Host, d *Disk, h Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lives[life] = &mounted{d, h}
}

func (s *Disks) of(life detrt.Host) *mounted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lives[life]
}

// aside does the bookkeeping: as the world, so that its own calls are not seen, and without points.
func aside(do func()) {
	was := detrt.World.Enter()
	defer was.Enter()
	detrt.Quietly(do)
}

// A call is one call of the system, on its way.
type call struct {
	*detrt.FileCall
	s *Disks
	m *mounted
}

// pending is what the second hook does.
type pending func(c *call)

func (s *Disks) before(x *detrt.FileCall) {
	if detrt.Host(x.Host) == detrt.World {
		if strings.HasPrefix(x.Path, Home) || strings.HasPrefix(x.To, Home) {
			s.move(&call{x, s, nil})
		}
		return
	}
	var m *mounted
	aside(func() { m = s.of(detrt.Host(x.Host)) })
	c := &call{x, s, m}
	if x.Path != "" || x.To != "" {
		aside(func() { s.move(c) })
	}
	if m == nil {
		return
	}
	if handle := handlers[x.Trap]; handle != nil {
		then := handle(c)
		if x.After = then != nil && x.Refuse == 0 && !x.Skip; x.After {
			x.Note = then
		}
	}
}

func (s *Disks) after(x *detrt.FileCall) {
	if then, ok := x.Note.(pending); ok {
		then(&call{x, s, s.of(detrt.Host(x.Host))})
	}
}

// ok reports whether the call has succeeded.
func (c *call) ok() bool { return c.Errno == 0 }

// fails refuses the call if the disk fails it.
func (c *call) fails(op string) bool {
	c.Refuse = uintptr(c.m.h.Fails(op))
	return c.Refuse != 0
}

// broken refuses the call since the disk's own files fail it, and says so: what it can't undo must not happen.
func (c *call) broken(err error) {
	c.m.h.Warn(fmt.Sprintf("the disk can't keep what a crash is to take back: %v", err))
	c.Refuse = uintptr(syscall.EIO)
}

// warn reports something about a file once.
func (c *call) warn(path, text string) {
	first := false
	aside(func() {
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		key := fmt.Sprintf("%p %s", c.m.d, path)
		first, c.s.warned[key] = !c.s.warned[key], true
	})
	if first {
		c.m.h.Warn(text)
	}
}

// outside reports a change of a file that is not the disk's.
func (c *call) outside(path string) {
	if path != "" {
		c.warn(path, fmt.Sprintf("changes %s, which is not below its folder: no crash undoes that, and hosts share it", path))
	}
}

// isOurs reports whether a descriptor is open on a regular file of the disk, and reports one that is not.
func (c *call) isOurs(fd int) (ours bool) {
	var name string
	aside(func() {
		c.m.d.mu.Lock()
		defer c.m.d.mu.Unlock()
		if f, st := c.m.d.file(fd); f != nil {
			ours = true
		} else if st.Mode&syscall.S_IFMT == syscall.S_IFREG {
			name = nameOf(fd)
		}
	})
	if fd > 2 && name != "" { // what is printed goes where the process prints
		c.outside(name)
	}
	return ours
}
