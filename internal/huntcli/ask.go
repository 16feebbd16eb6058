package huntcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/overview"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
)

// read calls f with the campaign of the folder.
func (h *hunting) read(ctx context.Context, f func(*campaign.Campaign) error) error {
	c, err := campaign.Read(ctx, h.into)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

func (h *hunting) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the signatures that a campaign has found",
		Long:    "List shows the failures of a campaign by signature, those that were met most often first. It may be used while the hunt goes on.",
		Example: "  capsize hunt list\n  capsize hunt list --into campaign --exit-code",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				x, err := h.describe(cmd.Context(), c)
				if err != nil {
					return err
				}
				var outcome error
				if h.code {
					outcome = h.outcome(x, false)
				}
				if h.json {
					return errors.Join(printJSON(h.Out, x), outcome)
				}
				var b strings.Builder
				fmt.Fprintf(&b, "%s\n", h.Style().Bold(x.headline()))
				if err := h.printSignatures(&b, x.Signatures); err != nil {
					return err
				}
				_, err = io.WriteString(h.Out, b.String())
				return errors.Join(err, outcome)
			})
		},
	}
	cmd.Flags().BoolVar(&h.code, "exit-code", false, "exit as the hunt did: 1 if something was found, 2 if nothing but unknown")
	return cmd
}

func (h *hunting) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show SIGNATURE",
		Short: "Show the smallest reproduction of a signature, and its command",
		Long: `Show prints what a campaign knows of the failures with one signature, which is named by the first digits that hunt list prints: how often
and where it was met, the smallest reproduction with what happened in it, its page, and the command that runs its seed again.`,
		Example: "  capsize hunt show 1f3c",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("hunt show takes one SIGNATURE, not %d; see capsize hunt show --help", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				g, err := c.Find(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if h.json {
					return printJSON(h.Out, h.lineOf(g))
				}
				_, err = io.WriteString(h.Out, h.textOf(g))
				return err
			})
		},
	}
}

// textOf formats a group for people: the failure, and then what is known of all of them.
func (h *hunting) textOf(g campaign.Group) string {
	var b strings.Builder
	style := h.Style()
	s := g.Smallest
	if s != nil {
		b.WriteString(strings.TrimRight(s.Text, "\n") + "\n\n")
	}
	fmt.Fprintf(&b, "%s\n", style.Bold(report.Clean(g.Signature.String(), 400)))
	fmt.Fprintf(&b, "signature  %s, %s in %s\n", g.ID, plural(g.Count, "run"), report.Clean(strings.Join(g.Targets, "; "), 400))
	fmt.Fprintf(&b, "seeds      %s\n", overview.Seeds(g.Seeds, g.Count, 12))
	if g.First.Run.Schedule != "" {
		fmt.Fprintf(&b, "schedule   %s of seed %d, %s\n", g.First.Run.Schedule, g.First.Run.Seed, g.First.Version.Runtime)
	}
	if s == nil {
		fmt.Fprintf(&b, "reason     %s\n", report.Clean(g.First.Run.Reason, 600))
		if g.First.Run.Output != "" {
			fmt.Fprintf(&b, "\nThe last lines of the process:\n%s\n", strings.TrimSpace(g.First.Run.Output))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "smallest   %s, %s\n", overview.Sizes(*s), overview.How(*s))
	for i, n := range s.Notes {
		head := "needed"
		if i > 0 {
			head = ""
		}
		fmt.Fprintf(&b, "%-10s %s\n", head, report.Clean(n, 200))
	}
	fmt.Fprintf(&b, "repeats    %s\n", s.Repeats)
	if p := g.Page(); p != "" {
		fmt.Fprintf(&b, "page       %s\n", filepath.Join(h.into, filepath.FromSlash(p)))
	}
	b.WriteString(h.replay(g))
	fmt.Fprintf(&b, "\nTo run the whole seed again:\n%s\n", s.Command)
	return b.String()
}

// replay says how to run the smallest reproduction of a group again. It is empty if nothing was saved of it.
func (h *hunting) replay(g campaign.Group) string {
	saved := g.Saved()
	if saved == "" {
		return ""
	}
	saved = filepath.Join(h.into, filepath.FromSlash(saved))
	if t := g.SmallOf; t.Package != "" {
		return fmt.Sprintf("saved      %s\n\nTo keep it as a test, copy it to testdata/capsize/%s in the folder of %s; or print it as a test of its own:\n%s replay %s --as-test\n",
			saved, path.Join(t.Test, t.Run), t.Package, h.Program(), h.Quoted(saved))
	}
	return fmt.Sprintf("saved      %s\n\nTo run it again:\n%s replay %s\n", saved, h.Program(), h.Quoted(saved))
}

func (h *hunting) mergeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR…",
		Short: "Join the shards of a campaign",
		Long: `Merge puts the runs, failures and pages of the campaigns in some folders into that of --into, which is made if it is not there. They must have
been made with the same settings. A run that is there already is left as it is, so merging again, or adding a shard later, does no harm.`,
		Example: "  capsize hunt merge campaign/shard-* --into whole",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("hunt merge takes the folders of the shards; see capsize hunt merge --help")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("into") {
				return errors.New("hunt merge needs --into, the folder of the campaign that all are joined in")
			}
			added, err := campaign.Merge(cmd.Context(), h.into, args...)
			if err != nil {
				return err
			}
			return h.read(cmd.Context(), func(c *campaign.Campaign) error {
				if err := overview.Write(cmd.Context(), c); err != nil {
					return err
				}
				x, err := h.describe(cmd.Context(), c)
				if err != nil {
					return err
				}
				if h.json {
					return printJSON(h.Out, x)
				}
				_, err = fmt.Fprintf(h.Out, "%s, %s of them new\npage: %s\n", x.headline(), words.Count(added), x.Page)
				return err
			})
		},
	}
}

// noArgs refuses what is not a flag.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("hunt %s takes flags only, not %q", cmd.Name(), args[0])
	}
	return nil
}
