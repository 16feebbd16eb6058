package huntcli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/overview"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/words"
	"github.com/capsize-go/capsize/report"
)

// summary prints what the campaign has, and returns the outcome of the command.
func (h *hunting) summary(ctx context.Context, c *campaign.Campaign, e ending) error {
	x, err := h.describe(ctx, c)
	if err != nil {
		return err
	}
	if h.json {
		err = printJSON(h.Out, x)
	} else {
		err = h.printSummary(x, e)
	}
	if err != nil {
		return err
	}
	switch {
	case h.zero && e.interrupted:
		return h.Outcome(checker.Unknown)
	case h.zero:
		return nil
	}
	return h.outcome(x, e.interrupted)
}

// outcome is the error that ends a command with the exit code of what was found.
func (h *hunting) outcome(x summaryLine, interrupted bool) error {
	switch {
	case x.Invalid+x.Died > 0:
		return h.Outcome(checker.Invalid)
	case x.Unknown > 0 || interrupted:
		return h.Outcome(checker.Unknown)
	}
	return nil
}

// A summaryLine is what hunt and hunt list print with --json.
type summaryLine struct {
	Campaign   string          `json:"campaign"` // folder
	Page       string          `json:"page"`
	Targets    int             `json:"targets"`
	Runs       int             `json:"runs"`
	Valid      int             `json:"valid"`
	Unknown    int             `json:"unknown"`
	Invalid    int             `json:"invalid"`
	Died       int             `json:"died"`
	CPU        time.Duration   `json:"cpu_ns"`
	Virtual    time.Duration   `json:"virtual_ns"`
	Signatures []signatureLine `json:"signatures"`
}

// A signatureLine is one signature, as hunt show prints it with --json.
type signatureLine struct {
	ID        string            `json:"id"`
	Subject   string            `json:"subject"`
	Verdict   string            `json:"verdict"`
	Signature huntrun.Signature `json:"signature"`
	Count     int               `json:"count"`
	Targets   []string          `json:"targets"`
	Seeds     []uint64          `json:"seeds"` // the first of them, the easiest to read at the front
	Reason    string            `json:"reason"`
	Schedule  string            `json:"schedule,omitempty"`
	Smallest  *huntrun.Smallest `json:"smallest"` // null if none was made
	Page      string            `json:"page"`     // path; empty if there is none
	Saved     string            `json:"saved"`    // path of what capsize replay takes; the same
}

func (h *hunting) lineOf(g campaign.Group) signatureLine {
	l := signatureLine{
		ID: g.ID, Subject: g.Subject, Verdict: g.Verdict, Signature: g.Signature, Count: g.Count, Targets: g.Targets, Seeds: g.Seeds,
		Reason: g.First.Run.Reason, Schedule: g.First.Run.Schedule, Smallest: g.Smallest,
	}
	if p := g.Page(); p != "" {
		l.Page = filepath.Join(h.into, filepath.FromSlash(p))
	}
	if p := g.Saved(); p != "" {
		l.Saved = filepath.Join(h.into, filepath.FromSlash(p))
	}
	return l
}

// describe sums up a campaign.
func (h *hunting) describe(ctx context.Context, c *campaign.Campaign) (x summaryLine, err error) {
	counts, err := c.Counts(ctx)
	if err != nil {
		return x, err
	}
	groups, err := c.Groups(ctx)
	if err != nil {
		return x, err
	}
	x = summaryLine{Campaign: h.into, Page: filepath.Join(h.into, overview.File), Targets: len(counts), Signatures: []signatureLine{}}
	for _, n := range counts {
		x.Runs, x.Valid, x.Unknown, x.Invalid, x.Died = x.Runs+n.Runs(), x.Valid+n.Valid, x.Unknown+n.Unknown, x.Invalid+n.Invalid, x.Died+n.Died
		x.CPU, x.Virtual = x.CPU+n.CPU, x.Virtual+n.Virtual
	}
	for _, g := range groups {
		x.Signatures = append(x.Signatures, h.lineOf(g))
	}
	return x, nil
}

func (h *hunting) printSummary(x summaryLine, e ending) error {
	var b strings.Builder
	if e.interrupted {
		of := ""
		if e.wanted > 0 {
			of = " of " + words.Count(e.wanted)
		}
		fmt.Fprintf(&b, "Interrupted after %s%s runs. Give the same command again to go on.\n\n", words.Count(e.runs), of)
	}
	fmt.Fprintf(&b, "%s\n", h.Style().Bold(x.headline()))
	fmt.Fprintf(&b, "%v simulated in %v of processor time; this time %s in %v\n", x.Virtual.Round(time.Second), x.CPU.Round(100*time.Millisecond), words.Plural(e.runs, "run"), e.took.Round(100*time.Millisecond))
	if err := h.printSignatures(&b, x.Signatures); err != nil {
		return err
	}
	if len(x.Signatures) > 0 {
		fmt.Fprintf(&b, "\nTo see one:\n%s hunt show %s%s\n", h.Program(), x.Signatures[0].ID, h.where())
	}
	fmt.Fprintf(&b, "\npage: %s\n", x.Page)
	_, err := io.WriteString(h.Out, b.String())
	return err
}

// where returns the flag that names the campaign's folder, if it is not the default.
func (h *hunting) where() string {
	if h.into == defaultDir {
		return ""
	}
	return " --into " + h.Quoted(h.into)
}

// headline says what was run, and the verdicts.
func (x summaryLine) headline() string {
	text := fmt.Sprintf("%s of %s: ", plural(x.Runs, "run"), plural(x.Targets, "target"))
	if x.Runs == x.Valid {
		return text + "all valid"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{x.Invalid, "invalid"}, {x.Died, "died"}, {x.Unknown, "unknown"}, {x.Valid, "valid"}} {
		if p.n > 0 {
			parts = append(parts, words.Count(p.n)+" "+p.what)
		}
	}
	return text + strings.Join(parts, ", ") + "; " + plural(len(x.Signatures), "signature")
}

// printSignatures prints a table of signatures.
func (h *hunting) printSignatures(b *strings.Builder, all []signatureLine) error {
	if len(all) == 0 {
		return nil
	}
	b.WriteString("\n")
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SIGNATURE\tRUNS\tSMALLEST\tOF\tFAILURE")
	for _, s := range all {
		small := "not made"
		if s.Smallest != nil {
			small = overview.Sizes(*s.Smallest)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.ID, words.Count(s.Count), small, report.Clean(s.Subject, 80), report.Clean(s.Signature.String(), 160))
	}
	return w.Flush()
}
