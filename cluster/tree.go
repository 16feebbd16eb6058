package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/capsize-go/capsize/internal/sorting"
)

// A Tree is a [Disk] with directories, with the methods of package os and what
// POSIX promises of a crash, which is less than [Disk.Open] promises:
//
//   - A sync of a file makes its content durable, and not its name.
//   - A sync of a directory, opened as a file is, makes its entries durable: what
//     was created, renamed and removed in it. It does not cover the content of the
//     files, nor the directory's own entry in its parent.
//   - A rename is atomic. It is durable once either directory was synced.
//   - A file or directory that cannot be reached from the root through entries that
//     are durable is lost in a crash, however often it was synced itself.
//
// Names are slash-separated; a leading slash makes no difference. Faults of a disk are faults
// of its Tree: see [DiskImpairment] and [Cluster.CrashInWrite].
type Tree struct{ d *Disk }

// Tree returns the disk with directories. It shows the same files as the [Disk]
// does, but for names of the Disk that have a slash.
func (d *Disk) Tree() *Tree { return &Tree{d} }

// QuietAfterCrash returns the same disk for code that must not see errors after its
// host has crashed: storage engines with goroutines of their own, which panic or call
// log.Fatal if their disk fails. Operations of such code after the
// crash succeed, are visible to that code alone, and never reach the disk. So it can be
// closed as usual. Without it each operation returns [ErrCrashed].
func (t *Tree) QuietAfterCrash() *Tree {
	d := *t.d
	d.quiet = true
	return &Tree{&d}
}

// split returns the elements of a path.
func split(name string) []string {
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

// lookup returns the file of that name, nil if there is none, and the
// directory for the name. The root is in no directory.
func lookup(root *file, name string) (dir *file, base string, f *file, err error) {
	f = root
	for _, elem := range split(name) {
		switch {
		case f == nil:
			return nil, "", nil, fs.ErrNotExist
		case f.names == nil:
			return nil, "", nil, syscall.ENOTDIR
		}
		dir, base, f = f, elem, f.names[elem]
	}
	return dir, base, f, nil
}

// on looks a name up and runs one operation on the disk: do gets the file, nil if there is
// none, its directory, and its name in that. It wraps errors as a path error.
func (t *Tree) on(op, name string, do func(s *disk, dir *file, base string, f *file) error) error {
	s, done, err := t.d.begin(op, name)
	defer done()
	if err != nil {
		return err
	}
	dir, base, f, err := lookup(s.root, name)
	if err == nil {
		err = do(s, dir, base, f)
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// OpenFile opens a file as [os.OpenFile] does: flag is of os.O_RDONLY, O_WRONLY,
// O_RDWR, O_APPEND, O_CREATE, O_EXCL and O_TRUNC. A directory can be opened with
// os.O_RDONLY, to list it and to sync it.
func (t *Tree) OpenFile(name string, flag int) (*TreeFile, error) {
	var h *TreeFile
	err := t.on("open", name, func(s *disk, dir *file, base string, f *file) error {
		writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
		switch {
		case f == nil && flag&os.O_CREATE == 0:
			return fs.ErrNotExist
		case f == nil:
			if err := s.readOnlyError(); err != nil {
				return err
			}
			f = s.newFile()
			s.link(dir, base, f)
		case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
			return fs.ErrExist
		case f.names != nil && (writes || flag&os.O_CREATE != 0):
			return syscall.EISDIR
		case flag&os.O_TRUNC != 0 && writes && len(f.data) > 0:
			if err := s.readOnlyError(); err != nil {
				return err
			}
			s.log(redo{kind: redoSize, f: f, lost: len(f.data)})
			f.data = nil
		}
		h = &TreeFile{f: File{d: t.d, name: name, f: f, content: true}, flag: flag}
		return nil
	})
	return h, err
}

// Open opens a file for reading, or a directory.
func (t *Tree) Open(name string) (*TreeFile, error) { return t.OpenFile(name, os.O_RDONLY) }

// Create opens a file for reading and writing, and makes it empty.
func (t *Tree) Create(name string) (*TreeFile, error) {
	return t.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

// Mkdir makes a directory.
func (t *Tree) Mkdir(name string) error {
	return t.on("mkdir", name, func(s *disk, dir *file, base string, f *file) error {
		if f != nil {
			return fs.ErrExist
		}
		s.link(dir, base, s.newDir())
		return nil
	})
}

// MkdirAll makes a directory with all that it is in, as far as they do not exist.
func (t *Tree) MkdirAll(name string) error {
	at := "/"
	for _, elem := range split(name) {
		at = path.Join(at, elem)
		err := t.Mkdir(at)
		if errors.Is(err, fs.ErrExist) {
			err = t.on("mkdir", at, func(_ *disk, _ *file, _ string, f *file) error {
				if f.names == nil {
					return syscall.ENOTDIR
				}
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Remove removes a file or an empty directory. A file that is open stays readable
// and writable through what has it open.
func (t *Tree) Remove(name string) error {
	return t.on("remove", name, func(s *disk, dir *file, base string, f *file) error {
		switch {
		case f == nil:
			return fs.ErrNotExist
		case dir == nil:
			return syscall.EBUSY
		case len(f.names) > 0:
			return syscall.ENOTEMPTY
		}
		s.unlink(dir, base)
		return nil
	})
}

// RemoveAll removes a file, or a directory with all that is in it. It is no error
// if there is none. It is not atomic: after a crash a part of it may be done.
func (t *Tree) RemoveAll(name string) error {
	err := t.on("remove", name, func(s *disk, dir *file, base string, f *file) error {
		if f != nil {
			s.empty(f)
		}
		if f != nil && dir != nil {
			s.unlink(dir, base)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// empty removes all that is in a directory, children before their parents.
func (d *disk) empty(dir *file) {
	for _, name := range sorting.Keys(dir.names) {
		d.empty(dir.names[name])
		d.unlink(dir, name)
	}
}

// Rename gives a file or directory another name, in one step. A file that had that
// name is gone, and so is a directory if it was empty.
func (t *Tree) Rename(from, to string) error {
	return t.on("rename", from, func(s *disk, dir *file, base string, f *file) error {
		toDir, toBase, g, err := lookup(s.root, to)
		switch {
		case err != nil:
			return err
		case f == nil:
			return fs.ErrNotExist
		case dir == nil || toDir == nil:
			return syscall.EBUSY
		case f == g:
			return nil
		case f.names != nil && slices.Equal(split(from), split(to)[:min(len(split(from)), len(split(to)))]):
			return syscall.EINVAL
		case g == nil:
		case f.names == nil && g.names != nil:
			return syscall.EISDIR
		case f.names != nil && g.names == nil:
			return syscall.ENOTDIR
		case len(g.names) > 0:
			return syscall.ENOTEMPTY
		}
		s.rename(dir, base, toDir, toBase)
		return nil
	})
}

// Link gives a file a second name.
func (t *Tree) Link(from, to string) error {
	return t.on("link", from, func(s *disk, _ *file, _ string, f *file) error {
		dir, base, g, err := lookup(s.root, to)
		switch {
		case err != nil:
			return err
		case f == nil:
			return fs.ErrNotExist
		case g != nil:
			return fs.ErrExist
		case f.names != nil:
			return syscall.EPERM
		}
		s.link(dir, base, f)
		return nil
	})
}

// ReadDir lists a directory, sorted by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// Stat describes a file or directory.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	var i fs.FileInfo
	err := t.on("stat", name, func(s *disk, _ *file, base string, f *file) error {
		if f == nil {
			return fs.ErrNotExist
		}
		i = s.describe(base, f)
		return nil
	})
	return i, err
}

// FS returns the disk for reading, for code that takes an [fs.FS].
func (t *Tree) FS() fs.FS { return treeFS{t} }

type treeFS struct{ t *Tree }

// Open opens a file or directory, by a name that [fs.ValidPath] accepts.
func (x treeFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := x.t.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}
