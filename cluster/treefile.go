package cluster

import (
	"io/fs"
	"path"
	"syscall"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/cluster/internal/openfile"
	"github.com/capsize-go/capsize/internal/sorting"
)

// A TreeFile is a file or directory of a [Tree] that is open. It has the methods of [os.File], which may be called from several
// goroutines. Sync makes the content of a file durable, or the entries of a directory; how long it takes, and for whom, is as
// [File.Sync] says. ReadDir lists a directory sorted by name.
type TreeFile = openfile.File

// A treeFile is the content of a TreeFile.
type treeFile struct{ File }

// IsDir reports whether it is a directory.
func (x *treeFile) IsDir() bool { return x.f.IsDir() }

// Stat describes the file.
func (x *treeFile) Stat() (fs.FileInfo, error) {
	s, err := x.d.begin("stat", x.name)
	defer x.d.end()
	if err != nil {
		return nil, err
	}
	return s.describe(path.Base(x.name), x.f), nil
}

// List lists a directory.
func (x *treeFile) List() (all []fs.FileInfo, err error) {
	s, err := x.d.begin("readdir", x.name)
	defer x.d.end()
	if err != nil {
		return nil, err
	}
	if !x.f.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: x.name, Err: syscall.ENOTDIR}
	}
	for _, name := range sorting.Keys(x.f.Names) {
		all = append(all, s.describe(name, x.f.Names[name]))
	}
	return all, nil
}

// describe describes a file by the name that it is known by.
func (d *disk) describe(name string, f *diskimage.File) fs.FileInfo {
	return f.Describe(name, d.m.c.loop.start)
}
