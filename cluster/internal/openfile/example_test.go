package openfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/capsize-go/capsize/cluster/internal/openfile"
)

// text is a file that holds a text.
type text struct{ data []byte }

func (*text) Name() string  { return "text" }
func (*text) IsDir() bool   { return false }
func (x *text) Size() int64 { return int64(len(x.data)) }

func (x *text) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(x.data).ReadAt(p, off)
}

func (x *text) WriteAt(p []byte, off int64) (int, error) {
	x.data = append(x.data[:off], p...)
	return len(p), nil
}

func (x *text) Truncate(size int64) error { x.data = x.data[:size]; return nil }

func (*text) Sync() error                  { return nil }
func (*text) Stat() (fs.FileInfo, error)   { return nil, errors.ErrUnsupported }
func (*text) List() ([]fs.FileInfo, error) { return nil, errors.ErrUnsupported }

func Example() {
	f := openfile.Open(&text{[]byte("one ")}, os.O_RDWR|os.O_APPEND)
	_, err := f.Write([]byte("two"))
	fmt.Println(err)
	_, err = f.Seek(0, io.SeekStart)
	fmt.Println(err)
	b, err := io.ReadAll(f)
	fmt.Println(string(b), err)
	// Output:
	// <nil>
	// <nil>
	// one two <nil>
}

func TestRefused(t *testing.T) {
	f := openfile.Open(&text{}, os.O_RDONLY)
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("a file that is open for reading was written")
	}
	if err := errors.Join(f.Close(), f.Sync()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a sync of a closed file: %v", err)
	}
}
