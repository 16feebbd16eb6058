package explore

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/savedrun"
	"github.com/capsize-go/capsize/schedule"
)

// keptSeeds are the seeds of a test that failed, in a file that people may edit, and those that were under way when a process died.
type keptSeeds struct {
	file    string // has a line for each: the seed, and its schedule for who reads it
	running string // folder with a file of each process
}

func keptOf(test string, call int) keptSeeds {
	name := "seeds"
	if call > 1 {
		name = fmt.Sprintf("seeds-%d", call)
	}
	return keptSeeds{
		file:    filepath.Join(savedrun.Dir, testName(test), "explore", name+".txt"),
		running: filepath.Join(savedrun.Dir, ".running", testName(test), "explore", name),
	}
}

const keptHeader = "# Seeds that failed, which are tried first. Delete a line, or the file, to try them no more.\n"

// read returns the kept seeds, and those that were under way in processes that died: these it forgets, since they are tried now.
func (k keptSeeds) read() (seeds []uint64, err error) {
	seeds, err = readSeeds(k.file)
	running, _ := filepath.Glob(filepath.Join(k.running, "process-*")) // the pattern is right
	for _, file := range running {
		more, _ := readSeeds(file) // one that is cut short says nothing
		for _, seed := range more {
			if !slices.Contains(seeds, seed) {
				seeds = append(seeds, seed)
			}
		}
		_ = os.Remove(file) // of a process that still runs: it loses no more than this
	}
	return seeds, err
}

func readSeeds(file string) (seeds []uint64, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kept seeds: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		seed, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return seeds, fmt.Errorf("read kept seeds %s: line %d: %w", file, n, err)
		}
		seeds = append(seeds, seed)
	}
	return seeds, lines.Err()
}

// add keeps a seed, and returns the file.
func (k keptSeeds) add(o outcome) (file string, err error) {
	seeds, err := readSeeds(k.file)
	if err != nil || slices.Contains(seeds, o.seed) {
		return k.file, err
	}
	text := fmt.Sprintf("%d %v\n", o.seed, o.schedule)
	if !exists(k.file) {
		text = keptHeader + text
	}
	if err := os.MkdirAll(filepath.Dir(k.file), 0o755); err != nil {
		return k.file, fmt.Errorf("keep seed %d: %w", o.seed, err)
	}
	f, err := os.OpenFile(k.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return k.file, fmt.Errorf("keep seed %d: %w", o.seed, err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return k.file, fmt.Errorf("keep seed %d: %w", o.seed, err)
	}
	return k.file, nil
}

// A progress says on the disk which seed is under way, should the process die. A nil progress does nothing.
type progress struct {
	f *os.File
}

// record begins to record. It returns nil if that is of no use or can't be done: then a seed is found by what the runtime prints.
func (k keptSeeds) record(chosen bool) *progress {
	if chosen || !schedule.Active() {
		return nil
	}
	if os.MkdirAll(k.running, 0o755) != nil {
		return nil
	}
	f, err := os.Create(filepath.Join(k.running, fmt.Sprintf("process-%d", os.Getpid())))
	if err != nil {
		return nil
	}
	return &progress{f}
}

func (p *progress) begin(seed uint64) {
	if p != nil {
		_, _ = fmt.Fprintf(rewound{p.f}, "%-20d\n", seed) // without it, the seed is found by what the runtime prints
	}
}

// rewound writes over the beginning of a file.
type rewound struct{ f *os.File }

func (r rewound) Write(b []byte) (int, error) { return r.f.WriteAt(b, 0) }

// close ends the recording, unless a panic is on its way to end the process.
func (p *progress) close() {
	if p == nil {
		return
	}
	_ = p.f.Close()
	_ = os.Remove(p.f.Name()) // a process that has begun since may have done that
	for dir := filepath.Dir(p.f.Name()); dir != savedrun.Dir && os.Remove(dir) == nil; {
		dir = filepath.Dir(dir)
	}
	_ = os.Remove(savedrun.Dir)               // if it is empty
	_ = os.Remove(filepath.Dir(savedrun.Dir)) // likewise
}
