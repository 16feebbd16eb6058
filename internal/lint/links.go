package lint

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Links finds links in Markdown files that lead to no file of the repository,
// to a heading that its page does not have, or from a name of Go, as in
// [`freshness.New`](checker/freshness/loads.go), to a file that does not have the name. Links to other places are not
// followed. Files are given by their names from root on; others than Markdown
// are passed over.
func Links(root string, files []string) ([]Problem, error) {
	var problems []Problem
	for _, name := range files {
		if path.Ext(name) != ".md" {
			continue
		}
		text, err := fileText(root, name)
		if err != nil {
			return nil, err
		}
		for i, line := range prose(text) {
			for _, m := range linkTarget.FindAllStringSubmatch(line, -1) {
				if why := deadLink(root, name, m[1]); why != "" {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("link to %s: %s", m[1], why)})
				}
			}
			for _, m := range goLink.FindAllStringSubmatch(line, -1) {
				code, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path.Join(path.Dir(name), m[2]))))
				if err == nil && !strings.Contains(string(code), m[1]) {
					problems = append(problems, Problem{File: name, Line: i + 1, Text: fmt.Sprintf("link to %s: there is no %s in it", m[2], m[1])})
				}
			}
		}
	}
	return sorted(problems), nil
}

// linkTarget matches what [text](target) and ![image](target) lead to.
var linkTarget = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`)

// goLink matches a link from an exported name, with or without its package, to a file of Go.
var goLink = regexp.MustCompile("\\[`(?:[a-z]+\\.)?([A-Z]\\w+)`\\]\\(([^)\\s#]+\\.go)\\)")

// deadLink says what is wrong with a target; it is empty if nothing is.
func deadLink(root, from, target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	file, heading, _ := strings.Cut(target, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
	}
	at := filepath.Join(root, filepath.FromSlash(to))
	if _, err := os.Stat(at); err != nil {
		return "there is no such file"
	}
	if heading == "" || path.Ext(to) != ".md" {
		return ""
	}
	text, err := os.ReadFile(at)
	if err != nil {
		return err.Error()
	}
	for _, line := range prose(string(text)) {
		if title := strings.TrimLeft(line, "#"); title != line && anchor(title) == heading {
			return ""
		}
	}
	return "there is no such heading"
}

// prose returns the lines of a Markdown text, with those inside of fenced code
// left blank.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	fenced := false
	for i, l := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(l), "```")
		if fence {
			fenced = !fenced
		}
		if fence || fenced {
			lines[i] = ""
		}
	}
	return lines
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchor returns the name that a heading is linked by.
func anchor(title string) string {
	title = notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
	return strings.ReplaceAll(title, " ", "-")
}

// fileText returns the text of a file that is given by its name from root on. One that is gone, as files are between a change and its
// commit, is empty.
func fileText(root, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	return string(text), nil
}
