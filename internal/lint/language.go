package lint

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Word is what no file of the repository says.
type Word struct {
	Match *regexp.Regexp
	Parts []string // in lower case; each match has one of them, and a text is quickly searched for these
	Why   string
}

// mayBeIn reports whether a text, in lower case, is to be searched for a match.
func (w Word) mayBeIn(lower []byte) bool {
	return slices.ContainsFunc(w.Parts, func(p string) bool { return bytes.Contains(lower, []byte(p)) })
}

// words are spelled as patterns and parts that do not match themselves.
var words = []Word{
	{regexp.MustCompile(`(^|[^\w./~-])/(work|tmp|root|home)/`), []string{"work/", "tmp/", "root/", "home/"}, "a path of one machine: another has none like it"},
	{regexp.MustCompile(`\bTO[D]O[:(]|\bFI[X]ME\b|\bXX[X]\b`), []string{"todo", "fixme", "xxx"}, "open work belongs in an issue, where it is found"},
	{regexp.MustCompile(`(?i)\bas an (A)I\b|\bclau[d]e\b|\banthr[o]pic\b|\bchat[g]pt\b|\bsub[a]gents?\b`), []string{"an ai", "laude", "nthropic", "hatgpt", "ubagent"}, "how a text was written is no business of its reader"},
	{regexp.MustCompile(`(?i)\blorem [i]psum\b|<{7} |>{7} `), []string{"lorem", "<<<<<<", ">>>>>>"}, "left over"},
}

// Language finds words in text files, given by their names from root on.
func Language(root string, files []string, words []Word) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue // not a text
		}
		lower := bytes.ToLower(text)
		possible := slices.DeleteFunc(slices.Clone(words), func(w Word) bool { return !w.mayBeIn(lower) })
		if len(possible) == 0 {
			continue
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, w := range possible {
				if found := w.Match.FindString(line); found != "" {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("%q: %s", strings.TrimSpace(found), w.Why)})
				}
			}
		}
	}
	return sorted(problems), nil
}

// Tracked lists the files of a repository that git keeps, or would keep if they
// were added, but for those below the prefixes in except.
func Tracked(root string, except ...string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(files, func(name string) bool {
		return name == "" || slices.ContainsFunc(except, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}), nil
}
