package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/internal/names"
)

// A section is one table of capsize list.
type section struct {
	name string
	rows func() []row
}

var sections = []section{
	{"systems", systemRows},
	{"bugs", bugRows},
	{"workloads", workloadRows},
	{"nemeses", nemesisRows},
	{"models", rowsOf(models.Rows)},
	{"consistency", rowsOf(models.Consistencies)},
	{"formats", rowsOf(models.Formats)},
	{"faults", faultRows},
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
func rowsOf(list func() []models.Row) func() []row {
	return func() (all []row) {
		for _, r := range list() {
			all = append(all, row(r))
		}
		return all
	}
}

// bugRows lists the bugs of every system.
func bugRows() []row {
	var all []row
	for _, s := range systems() {
		for _, b := range s.bugs {
			all = append(all, row{b.Name, s.Name + ": " + b.Doc})
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
				return fmt.Errorf("capsize list takes one name at most, not %d", len(args))
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
	for _, s := range append(slices.Clone(sections), section{"scenarios", a.scenarioRows}) {
		if len(args) == 0 || args[0] == s.name {
			blocks = append(blocks, s.table())
		}
	}
	_, err := fmt.Fprint(a.out, strings.Join(blocks, "\n"))
	return err
}

// table formats a section with one thing a line.
func (s section) table() string {
	wide := 0
	for _, r := range s.rows() {
		wide = max(wide, len(r.Name))
	}
	var b strings.Builder
	fmt.Fprintln(&b, bold(strings.ToUpper(s.name)))
	for _, r := range s.rows() {
		fmt.Fprintf(&b, "  %-*s  %s\n", wide, r.Name, faint(r.Doc))
	}
	return b.String()
}
