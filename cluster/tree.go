package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/openfile"
)

// A Tree is a [Disk] with directories, with the methods of package os and what POSIX promises of a crash, which is less than
// [Disk.Open] promises:
//
//   - A sync of a file makes its content durable, and not its name.
//   - A sync of a directory, opened as a file is, makes its entries durable: what
//     was created, renamed and removed in it. It does not cover the content of the
//     files, nor the directory's own entry in its parent.
//   - A rename is atomic. It is durable once either directory was synced.
//   - A file or directory that cannot be reached from the root through entries that
//     are durable is lost in a crash, however often it was synced itself.
//
// Names are slash-separated; a leading slash makes no difference. Faults of a disk are faults of its Tree: see [DiskImpairment]
// and [Cluster.CrashInWrite].
type Tree struct{ d *Disk }

// Tree returns the disk with directories. It shows the same files as the [Disk] does, but for names of the Disk that have a
// slash.
func (d *Disk) Tree() *Tree { return &Tree{d} }

// QuietAfterCrash returns the same disk for code that must not see errors after its host has crashed: storage engines with
// goroutines of their own, which panic or call log.Fatal if their disk fails. Operations of such code after the crash succeed,
// are visible to that code alone, and never reach the disk. So it can be closed as usual. Without it each operation returns
// [ErrCrashed].
func (t *Tree) QuietAfterCrash() *Tree {
	d := *t.d
	d.quiet = true
	return &Tree{&d}
}

// on looks a name up and runs one operation on the disk: do gets the file, nil if there is none, its directory, and its name in
// that. It wraps errors as a path error.
func (t *Tree) on(op, name string, do func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error) error {
	s, err := t.d.begin(op, name)
	defer t.d.end()
	if err != nil {
		return err
	}
	dir, base, f, err := s.Lookup(name)
	if err == nil {
		err = do(s, dir, base, f)
	}
	if err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

// OpenFile opens a file as [os.OpenFile] does: flag is of os.O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREATE, O_EXCL and
// O_TRUNC. A directory can be opened with os.O_RDONLY, to list it and to sync it.
func (t *Tree) OpenFile(name string, flag int) (*TreeFile, error) {
	var h *TreeFile
	err := t.on("open", name, func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error {
		writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
		switch {
		case f == nil && flag&os.O_CREATE == 0:
			return fs.ErrNotExist
		case f == nil:
			if err := s.readOnlyError(); err != nil {
				return err
			}
			f = s.NewFile()
			s.Link(s.now(), dir, base, f)
		case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
			return fs.ErrExist
		case f.IsDir() && (writes || flag&os.O_CREATE != 0):
			return syscall.EISDIR
		case flag&os.O_TRUNC != 0 && writes && len(f.Data) > 0:
			if err := s.readOnlyError(); err != nil {
				return err
			}
			s.Resize(s.now(), f, 0)
			f.Data = nil
		}
		h = openfile.Open(&treeFile{File{d: t.d, name: name, f: f, content: true}}, flag)
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
	return t.on("mkdir", name, func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error {
		if f != nil {
			return fs.ErrExist
		}
		s.Link(s.now(), dir, base, s.NewDir())
		return nil
	})
}

// MkdirAll makes a directory with all that it is in, as far as they do not exist.
func (t *Tree) MkdirAll(name string) error {
	at := "/"
	for _, elem := range diskimage.Split(name) {
		at = path.Join(at, elem)
		err := t.Mkdir(at)
		if errors.Is(err, fs.ErrExist) {
			err = t.on("mkdir", at, func(_ *disk, _ *diskimage.File, _ string, f *diskimage.File) error {
				if !f.IsDir() {
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

// Remove removes a file or an empty directory. A file that is open stays readable and writable through what has it open.
func (t *Tree) Remove(name string) error {
	return t.on("remove", name, func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error {
		switch {
		case f == nil:
			return fs.ErrNotExist
		case dir == nil:
			return syscall.EBUSY
		case len(f.Names) > 0:
			return syscall.ENOTEMPTY
		}
		s.Unlink(s.now(), dir, base)
		return nil
	})
}

// RemoveAll removes a file, or a directory with all that is in it. It is no error if there is none. It is not atomic: after a
// crash a part of it may be done.
func (t *Tree) RemoveAll(name string) error {
	err := t.on("remove", name, func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error {
		if f != nil {
			s.Empty(s.now(), f)
		}
		if f != nil && dir != nil {
			s.Unlink(s.now(), dir, base)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}

// Rename gives a file or directory another name, in one step. A file that had that name is gone, and so is a directory if it
// was empty.
func (t *Tree) Rename(from, to string) error {
	return t.on("rename", from, func(s *disk, dir *diskimage.File, base string, f *diskimage.File) error {
		toDir, toBase, g, err := s.Lookup(to)
		switch {
		case err != nil:
			return err
		case f == nil:
			return fs.ErrNotExist
		case dir == nil || toDir == nil:
			return syscall.EBUSY
		case f == g:
			return nil
		case f.IsDir() && slices.Equal(diskimage.Split(from), diskimage.Split(to)[:min(len(diskimage.Split(from)), len(diskimage.Split(to)))]):
			return syscall.EINVAL
		case g == nil:
		case !f.IsDir() && g.IsDir():
			return syscall.EISDIR
		case f.IsDir() && !g.IsDir():
			return syscall.ENOTDIR
		case len(g.Names) > 0:
			return syscall.ENOTEMPTY
		}
		s.Rename(s.now(), dir, base, toDir, toBase)
		return nil
	})
}

// Link gives a file a second name.
func (t *Tree) Link(from, to string) error {
	return t.on("link", from, func(s *disk, _ *diskimage.File, _ string, f *diskimage.File) error {
		dir, base, g, err := s.Lookup(to)
		switch {
		case err != nil:
			return err
		case f == nil:
			return fs.ErrNotExist
		case g != nil:
			return fs.ErrExist
		case f.IsDir():
			return syscall.EPERM
		}
		s.Link(s.now(), dir, base, f)
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
	err := t.on("stat", name, func(s *disk, _ *diskimage.File, base string, f *diskimage.File) error {
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
