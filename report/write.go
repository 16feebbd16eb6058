package report

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/internal/account"
	"github.com/capsize-go/capsize/report/internal/sequence"
)

// Write makes dir and writes the report of a run into it: index.html, run.txt
// for readers without a browser, history.jsonl, messages.jsonl and messages.svg if messages were recorded, why.svg if there is a counterexample, log.txt if hosts logged anything, and the files of the checks. It
// returns the path of index.html.
func Write(dir string, run Run) (index string, err error) {
	return WriteContext(context.Background(), dir, run)
}

// WriteContext is [Write] with a limit of time for the drawings of the checks ([checker.Result.Draw]), which are
// slow for a model whose Step is slow: drawings that are not done when ctx ends are left out.
func WriteContext(ctx context.Context, dir string, run Run) (index string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make folder of the report: %w", err)
	}
	run.Checks = drawAll(ctx, run.Checks)
	index = filepath.Join(dir, "index.html")
	var page bytes.Buffer
	if err := HTML(&page, run); err != nil {
		return "", err
	}
	if err := writeHistory(dir, run); err != nil {
		return "", err
	}
	files := append(attachments(run), file{"index.html", page.Bytes()},
		file{"run.txt", []byte(text(run, Style{}) + "\n" + overviewText(run, Style{}))})
	if run.Trace != nil {
		var messages bytes.Buffer
		if err := run.Trace.Write(&messages); err != nil {
			return "", err
		}
		files = append(files, file{messagesFile, messages.Bytes()})
	}
	files = append(files, savedPictures(run)...)
	if err := writeLog(dir, run); err != nil {
		return "", err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Content, 0o644); err != nil {
			return "", fmt.Errorf("write report: %w", err)
		}
	}
	return index, nil
}

// The pictures beside the page, to save: the diagram of the messages, and the counterexample.
const (
	messagesPicture = "messages.svg"
	whyPicture      = "why.svg"
)

// savedPictures returns the pictures of a run as files, each with a style of its own.
func savedPictures(run Run) (files []file) {
	why := run.why()
	steps, _ := account.Of(caseOf(run, why))
	if d, ok := diagram(run, why, steps); ok {
		files = append(files, file{messagesPicture, []byte(sequence.Standalone(d.SVG, sequence.Style))})
	}
	if why == nil {
		return files
	}
	picture, err := savedCounterexample(run, why, 1006)
	if err != nil {
		return files
	}
	return append(files, file{whyPicture, []byte(picture)})
}

// messagesFile has what was recorded of network and hosts.
const messagesFile = "messages.jsonl"

// A file goes beside the page.
type file struct {
	Name    string
	Content []byte
}

// drawAll returns the checks with their drawings, which are files beside the page. A page alone needs none.
func drawAll(ctx context.Context, checks []checker.Result) []checker.Result {
	all := make([]checker.Result, len(checks))
	for i, c := range checks {
		all[i] = c.Draw(ctx)
	}
	return all
}

// attachments returns the files of the checks, in the order of the checks and of
// the names. A name is never that of another file, and never leads out of the
// folder.
func attachments(run Run) []file {
	taken := map[string]bool{"index.html": true, "run.txt": true, historyFile: true, messagesFile: true, logFile: true, messagesPicture: true, whyPicture: true}
	var files []file
	var collect func(checks []checker.Result)
	collect = func(checks []checker.Result) {
		for _, c := range checks {
			for _, name := range sortedKeys(c.Files) {
				files = append(files, file{unusedName(baseName(name), taken), c.Files[name]})
			}
			collect(c.Parts)
		}
	}
	collect(run.Checks)
	return files
}

// baseName makes a file name that is valid on any system, from the end of name.
func baseName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-+_.() ", r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(name, "_"))
	if r := []rune(name); len(r) > 60 {
		name = string(r[len(r)-60:]) // the end says what kind of file it is
	}
	if strings.Trim(name, ". ") == "" {
		return "file"
	}
	return name
}

// unusedName returns name, with a number if it is taken.
func unusedName(name string, taken map[string]bool) string {
	ext := filepath.Ext(name)
	next := name
	for i := 2; taken[strings.ToLower(next)]; i++ {
		next = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), i, ext)
	}
	taken[strings.ToLower(next)] = true
	return next
}

// historyFile is the history beside the page.
const historyFile = "history.jsonl"

// writeHistory writes history.jsonl, line by line: that of a million calls is as large as the history itself.
func writeHistory(dir string, run Run) (err error) {
	f, err := os.Create(filepath.Join(dir, historyFile))
	if err != nil {
		return fmt.Errorf("write history of the report: %w", err)
	}
	b := bufio.NewWriterSize(f, 1<<16)
	err = run.history().Write(b)
	if err == nil { // else it returns the same error again
		err = b.Flush()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write history of the report: %w", err)
	}
	return nil
}
