package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/internal/names"
	"github.com/capsize-go/capsize/report"
)

// A section is one table of capsize list.
type section struct {
	name  string
	rows  func() []systems.Row
	heads []string          // of the columns between the name and what it stands for
	cells func() [][]string // what these columns have, row by row
}

var sections = []section{
	{name: "systems", rows: systems.Rows},
	{name: "bugs", rows: bugRows, heads: []string{"NEMESIS", "FIRST SEED"}, cells: bugCells},
	{name: "workloads", rows: systems.Workloads},
	{name: "nemeses", rows: systems.NemesisRows},
	{name: "models", rows: rowsOf(models.Rows)},
	{name: "consistency", rows: rowsOf(consistencies)},
	{name: "formats", rows: rowsOf(func() []models.Row { return append(models.Formats(), models.TransactionFormats()...) })},
	{name: "faults", rows: systems.Faults},
}

// bugCells returns what list bugs shows of each bug beside its name and what it does.
func bugCells() [][]string {
	var all [][]string
	for _, s := range systems.All() {
		for _, b := range s.Bugs {
			f, _ := systems.FindingOf(s.Name, b.Name) // each bug has one
			all = append(all, []string{strings.TrimSpace(f.Nemesis + " " + f.Flags), strconv.FormatUint(f.Seed, 10)})
		}
	}
	return all
}

// unknown is the error for a name that nothing has.
func unknown(kind, name string, valid []string) error { return names.Unknown(kind, name, valid) }

// complete has a shell complete the values of flags.
func complete(cmd *cobra.Command, values map[string][]string) {
	for flag, names := range values { // order: each flag by itself
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)) // flags are there
	}
}

// rowsOf lists entries of the catalog of models.
func rowsOf(list func() []models.Row) func() []systems.Row {
	return func() (all []systems.Row) {
		for _, r := range list() {
			all = append(all, systems.Row(r))
		}
		return all
	}
}

// consistencies lists what objects can be held to, and behind that what transactions can be.
func consistencies() []models.Row {
	all := models.Consistencies()
	for _, r := range models.TransactionConsistencies() {
		all = append(all, models.Row{Name: r.Name, Doc: "of transactions: " + r.Doc})
	}
	return all
}

// bugRows lists the bugs of every system.
func bugRows() []systems.Row {
	var all []systems.Row
	for _, s := range systems.All() {
		for _, b := range s.Bugs {
			all = append(all, systems.Row{Name: b.Name, Doc: s.Name + ": " + b.Doc})
		}
	}
	return all
}

func sectionNames() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return append(names, "scenarios")
}

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list [" + strings.Join(sectionNames(), "|") + "]",
		Short: "List what can be run, and what a history can be judged by",
		Long: `List shows the names that other commands take: systems and their bugs, workloads,
nemeses, the models, consistencies and formats of capsize check, the faults that a plan may hold, and scenarios.`,
		Example: `  capsize list
  capsize list bugs`,
		ValidArgs: sectionNames(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("list takes one name at most, not %d", len(args))
			}
			if len(args) == 1 && !slices.Contains(sectionNames(), args[0]) {
				return unknown("list of", args[0], sectionNames())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.list(args) },
	}
}

func (a *app) list(args []string) error {
	var blocks []string
	for _, s := range append(slices.Clone(sections), section{name: "scenarios", rows: a.scenarioRows}) {
		if len(args) == 0 || args[0] == s.name {
			blocks = append(blocks, s.table(a.style))
		}
	}
	_, err := fmt.Fprint(a.out, strings.Join(blocks, "\n"))
	return err
}

// table formats a section with one thing a line. On a terminal, what does not fit goes on below, in the same column.
func (s section) table(style report.Style) string {
	rows := s.rows()
	lines := [][]string{append([]string{strings.ToUpper(s.name)}, s.heads...)} // all columns but the last
	for i, r := range rows {
		line := []string{"  " + r.Name}
		if s.cells != nil {
			line = append(line, s.cells()[i]...)
		}
		lines = append(lines, line)
	}
	wide := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for i, line := range lines {
		text, indent := "", 0
		for j, cell := range line {
			text += cell + strings.Repeat(" ", wide[j]+2-len([]rune(cell)))
			indent += wide[j] + 2
		}
		if i == 0 {
			b.WriteString(style.Bold(strings.TrimRight(text, " ")) + "\n")
			continue
		}
		writeDoc(&b, text, rows[i-1].Doc, indent, style)
	}
	return b.String()
}

// writeDoc writes what a name stands for, behind the other columns, or below the name where there is too little room.
func writeDoc(b *strings.Builder, text, doc string, indent int, style report.Style) {
	const least, below = 36, 6
	docs := []string{doc}
	switch {
	case style.Width <= 0: // no terminal: one line a name, for other programs
	case style.Width-indent >= least:
		docs = wrapped(doc, style.Width-indent)
	default:
		b.WriteString(strings.TrimRight(text, " ") + "\n")
		text, indent = strings.Repeat(" ", below), below
		docs = wrapped(doc, style.Width-below)
	}
	for _, d := range docs {
		b.WriteString(text + style.Faint(d) + "\n")
		text = strings.Repeat(" ", indent)
	}
}
