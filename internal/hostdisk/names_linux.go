//go:build amd64 || arm64

package hostdisk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// inodeOf returns the inode of a path, without following a link.
func inodeOf(path string) (id inode, mode uint32, ok bool) {
	var st syscall.Stat_t
	if syscall.Lstat(path, &st) != nil {
		return id, 0, false
	}
	return inode{st.Dev, st.Ino}, st.Mode & syscall.S_IFMT, true
}

// A Naming is a change of names that is under way.
type Naming struct {
	d *Disk
	c *change
}

// Done is called when the system has answered; the change is none if that is an error.
func (n Naming) Done(ok bool) {
	if n.d == nil {
		return
	}
	n.d.mu.Lock()
	defer n.d.mu.Unlock()
	if ok {
		n.d.seq++
		n.c.seq = n.d.seq
		n.d.names = append(n.d.names, n.c)
		n.d.moved(n.c)
		return
	}
	if n.c.attic != "" {
		_ = os.Remove(n.c.attic)
	}
}

// moved has what is known by a path be known by its new one.
func (d *Disk) moved(c *change) {
	if c.kind != rename {
		return
	}
	for _, f := range d.files { // order: each by itself
		f.path = renamed(f.path, c.path, c.to)
	}
	for _, b := range d.flips {
		b.path = renamed(b.path, c.path, c.to)
	}
}

func renamed(path, from, to string) string {
	if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '/') {
		return to + rest
	}
	return path
}

// naming returns a change of the name of a path, if that is below the root.
func (d *Disk) naming(k kind, name string) (*change, bool) {
	path, ok := d.below(name)
	if !ok || path == "." {
		return nil, false
	}
	dir, _, ok := inodeOf(filepath.Dir(name))
	return &change{kind: k, path: path, dir: dir}, ok
}

// Creating is called before a file, folder or link is made. The path is an absolute one, as for all changes of names.
func (d *Disk) Creating(name string) (n Naming, ours bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.naming(create, name)
	if !ok {
		return Naming{}, false
	}
	if _, _, there := inodeOf(name); there {
		return Naming{}, true
	}
	return Naming{d, c}, true
}

// Removing is called before a file or folder loses a name.
func (d *Disk) Removing(name string) (n Naming, ours bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.naming(remove, name)
	if !ok {
		return Naming{}, false, nil
	}
	id, mode, there := inodeOf(name)
	switch {
	case !there:
		return Naming{}, true, nil
	case mode == syscall.S_IFDIR:
		c.kind = removeDir
		return Naming{d, c}, true, nil
	}
	c.f = d.files[id]
	return Naming{d, c}, true, d.keep(c, name)
}

// Renaming is called before a name becomes another one. Both are the disk's, or it is not ours.
func (d *Disk) Renaming(from, to string) (n Naming, ours bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.naming(rename, from)
	other, both := d.naming(rename, to)
	if !ok || !both {
		return Naming{}, false, nil
	}
	id, _, there := inodeOf(from)
	had, mode, replaces := inodeOf(to)
	if !there || replaces && had == id {
		return Naming{}, true, nil
	}
	c.to, c.toDir, c.f = other.path, other.dir, d.files[id]
	if replaces && mode == syscall.S_IFDIR {
		c.wasDir = true
	} else if replaces {
		err = d.keep(c, to)
	}
	return Naming{d, c}, true, err
}

// keep gives a file that is about to lose its name another one in the attic.
func (d *Disk) keep(c *change, name string) error {
	c.attic = d.shelf()
	if err := os.Link(name, c.attic); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// shelf returns a new path in the attic.
func (d *Disk) shelf() string {
	d.stored++
	return filepath.Join(d.attic, fmt.Sprint(d.stored))
}

// undo takes a change of names back.
func (d *Disk) undo(c *change) error {
	path, to := filepath.Join(d.root, c.path), filepath.Join(d.root, c.to)
	switch c.kind {
	case create:
		c.attic = d.shelf()
		return syscall.Rename(path, c.attic)
	case remove:
		return syscall.Rename(c.attic, path)
	case removeDir:
		return os.Mkdir(path, 0o700)
	}
	if err := syscall.Rename(to, path); err != nil {
		return err
	}
	if c.attic != "" {
		return syscall.Rename(c.attic, to)
	} else if c.wasDir {
		return os.Mkdir(to, 0o700)
	}
	return nil
}

// redo makes a change of names again. It is none if one that it needs was lost.
func (d *Disk) redo(c *change) {
	path, to := filepath.Join(d.root, c.path), filepath.Join(d.root, c.to)
	switch c.kind {
	case create:
		if _, _, there := inodeOf(path); !there {
			_ = syscall.Rename(c.attic, path)
		}
	case remove, removeDir:
		_ = os.Remove(path)
	case rename:
		_ = syscall.Rename(path, to)
	}
}
