package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

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
	{name: "consistency", rows: rowsOf(models.Consistencies)},
	{name: "formats", rows: rowsOf(models.Formats)},
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

// table formats a section with one thing a line.
func (s section) table(style report.Style) string {
	rows := s.rows()
	lines := make([][]string, len(rows)) // all columns but the last
	for i, r := range rows {
		lines[i] = []string{"  " + r.Name}
	}
	if s.cells != nil {
		for i, cells := range s.cells() {
			lines[i] = append(lines[i], cells...)
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	// The last tab of the head makes its last cell part of a column.
	fmt.Fprintln(w, strings.Join(append([]string{strings.ToUpper(s.name)}, s.heads...), "\t")+"\t")
	for i, r := range rows {
		fmt.Fprintln(w, strings.Join(lines[i], "\t")+"\t"+style.Faint(r.Doc))
	}
	_ = w.Flush() // a strings.Builder takes all
	head, body, _ := strings.Cut(b.String(), "\n")
	return style.Bold(strings.TrimRight(head, " ")) + "\n" + body
}
