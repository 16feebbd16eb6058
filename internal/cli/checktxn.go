package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/models"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/txn/txnfile"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report"
	"github.com/capsize-go/capsize/report/ci"
	"github.com/capsize-go/capsize/report/result"
)

// checkTransactions judges a file of transactions as checkFile does others.
func (a *app) checkTransactions(ctx context.Context, file string, j judge) (checker.Verdict, ci.Case, error) {
	in, name := io.Reader(nil), file
	if file == "-" {
		in, name = a.in, "standard input"
	}
	f, err := j.ReadTransactions(name, in, j.checkOptions.format)
	if err != nil {
		return j.failed(file, err)
	}
	m := newMeter(a.err)
	m.show(capsize.Status{Phase: "checking " + filepath.Base(file), Calls: len(f.History.Txns)})
	r, err := j.JudgeTransactions(ctx, f)
	m.end()
	if err != nil {
		return j.failed(file, err)
	}
	page := j.transactionPage(portable(file), r)
	of := func(page report.Run) result.Result {
		res := result.Of(page)
		res.Ops = outcomes(r)
		return res
	}
	if r.Verdict != checker.Valid {
		a.writePage(ctx, &page, j, j.folder(file, f.Format.String(), page.Digest), of)
	}
	page.System, page.Rerun = nameOf(file), j.rerun(file) // it is printed here
	return r.Verdict, ci.CaseOf(of(page)), a.printTransactions(file, r, page, j)
}

// transactionPage returns what a report shows of a history of transactions.
func (j judge) transactionPage(file string, r models.TransactionJudgement) report.Run {
	return report.Run{
		Title: nameOf(file), Workload: j.Model.Name, System: nameOf(file), Virtual: r.Page.End(), Recorded: true, Ordered: r.Untimed(),
		Verdict: r.Verdict, Checks: []checker.Result{r.Result}, History: r.Page, Digest: txnfile.Digest(r.History), Rerun: j.rerun(file), Start: r.Start,
		Notes: r.Remarks(),
	}
}

// outcomes counts how the transactions ended.
func outcomes(r models.TransactionJudgement) (ops result.Ops) {
	for _, t := range r.History.Txns {
		switch t.Type {
		case history.OK:
			ops.OK++
		case history.Fail:
			ops.Fail++
		default:
			ops.Info++
		}
	}
	return ops
}

// printTransactions prints what came out of a file of transactions.
func (a *app) printTransactions(file string, r models.TransactionJudgement, page report.Run, j judge) error {
	if j.json {
		return a.printJSON(j.transactionLine(file, r, page))
	}
	if r.Verdict != checker.Valid {
		if err := a.show(page); err != nil {
			return err
		}
		_, err := io.WriteString(a.out, r.Others())
		return err
	}
	fmt.Fprintf(a.out, "%s %s: %s\n", a.style.Verdict(r.Verdict, "✓"), nameOf(file), r.Reason)
	for _, note := range page.Notes {
		fmt.Fprintf(a.out, "  %s\n", note)
	}
	if j.consistency != models.Strongest || len(r.Report.Anomalies) == 0 {
		return nil
	}
	text := "\n" + r.Report.Text(r.History)
	_, err := io.WriteString(a.out, strings.ReplaceAll(text, "\n\n\n", "\n\n"))
	return err
}

// transactionLine returns what --json prints of a history of transactions.
func (j judge) transactionLine(file string, r models.TransactionJudgement, page report.Run) checkLine {
	l := checkLine{
		File: file, Format: r.Format.String(), Assumed: []assumption{}, Model: j.Model.Name, Consistency: j.consistency,
		Verdict: r.Verdict, Reason: r.Reason, Digest: page.Digest, Counterexample: result.Calls(r.Counterexample), Note: note(r.Counterexample),
		Ops: outcomes(r), Report: page.ReportPath, Transactions: r.Report,
	}
	for _, x := range r.Assumed {
		l.Assumed = append(l.Assumed, assumption{What: x.String(), Count: x.Count, Line: x.Line})
	}
	if !r.Start.IsZero() {
		l.Recorded = r.Start.Format(time.RFC3339Nano)
	}
	return l
}

// findFormat returns the format of the files of an object.
func (o checkOptions) findFormat() (history.Format, error) {
	f, err := models.FindFormat(o.format)
	if err != nil && slices.Contains(models.TransactionFormatNames(), o.format) {
		return f, fmt.Errorf("the format %s is of transactions: judge it with --model rw-register", o.format)
	}
	return f, err
}

// checkFormatNames lists the formats that check reads.
func checkFormatNames() []string {
	return append(models.FormatNames(), models.Names(models.TransactionFormats())...)
}

// consistencyNames lists what models can be held to.
func consistencyNames() []string {
	all := models.Names(models.Consistencies())
	for _, name := range models.Names(models.TransactionConsistencies()) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
