package huntcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/capsize-go/capsize/internal/cli"
	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/hunt/crew"
	"github.com/capsize-go/capsize/internal/hunt/overview"
	"github.com/capsize-go/capsize/internal/huntrun"
	"github.com/capsize-go/capsize/internal/progress"
	"github.com/capsize-go/capsize/internal/words"
)

// A hunter runs the seeds of one campaign.
type hunter struct {
	cli.Console
	suite suite
	c     *campaign.Campaign
	plan  *plan
	work  string        // absolute folder for pages that are being written
	cpu   time.Duration // the most that making a failure small may use
	limit time.Duration // of wall time; 0: none
	total int           // runs to do; 0: as many as the time allows

	keep chan request // to the goroutine that has the campaign
	bar  *progress.Progress

	// Of that goroutine.
	began        time.Time
	runs, found  int
	signatures   map[string]bool
	asked        map[string]bool // signatures whose failures are to be made small
	interrupted  bool
	timeIsUp     func() bool
	pagesWritten time.Time
}

// A request is something for the goroutine that has the campaign: a run to keep, or anything else.
type request struct {
	run   *campaign.Run
	do    func(ctx context.Context) error
	reply chan error
}

// errTimeIsUp ends a worker when the time of the hunt has run out.
var errTimeIsUp = errors.New("the time is up")

// hunt runs all that the plan has with some workers. What was found is kept when it returns, also with an error.
func (h *hunter) hunt(ctx context.Context, workers int) (err error) {
	h.keep, h.began = make(chan request, workers), time.Now()
	h.bar = progress.New(h.Err, max(h.total, 1))
	defer h.bar.End()
	deadline := h.began.Add(h.limit)
	h.timeIsUp = func() bool { return h.limit > 0 && time.Now().After(deadline) }
	if h.limit > 0 {
		t := time.AfterFunc(h.limit, h.plan.noMoreSeeds)
		defer t.Stop()
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(ctx, h.plan.stop)()
	kept := make(chan error, 1)
	go func() { kept <- h.keeper(context.WithoutCancel(ctx), stop) }()
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			for j := h.plan.take(); j != nil; j = h.plan.take() {
				if err := h.do(ctx, n, j); err != nil {
					stop(err) // the first one is the cause
				}
			}
		})
	}
	all.Wait()
	h.interrupted = ctx.Err() != nil
	close(h.keep)
	if err := <-kept; err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// do has a worker do a job.
func (h *hunter) do(ctx context.Context, n int, j *job) error {
	if j.small != nil {
		err := h.shrink(ctx, n, *j.small)
		h.plan.ended(j, 0, 0, nil)
		return err
	}
	ran, began := 0, time.Now()
	left := slices.Clone(j.seeds)
	task := h.suite.task(j.at.target)
	task.Seeds = j.seeds
	_, err := crew.Do(ctx, crew.Job{Program: h.suite.program(j.at.target), Task: task, Keep: func(o huntrun.Outcome, hello huntrun.Hello) error {
		ran++
		left = slices.DeleteFunc(left, func(seed uint64) bool { return seed == o.Seed })
		v := campaign.Version{Capsize: hello.Capsize, Go: hello.Go, Runtime: hello.Runtime, Build: h.suite.build}
		reply := make(chan error, 1)
		h.keep <- request{run: &campaign.Run{Target: j.at.target, Run: o, Version: v}, reply: reply}
		if err := <-reply; err != nil {
			return err
		}
		if h.timeIsUp() {
			return errTimeIsUp
		}
		return nil
	}})
	h.plan.ended(j, ran, time.Since(began), left)
	if errors.Is(err, errTimeIsUp) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", j.at.target, err)
	}
	return nil
}

// shrink has a worker make a failure small, and keeps the outcome.
func (h *hunter) shrink(ctx context.Context, n int, r campaign.Run) error {
	id := campaign.SignatureID(r.Target, r.Run.Signature)
	dir := filepath.Join(h.work, fmt.Sprint(n))
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o777)); err != nil {
		return fmt.Errorf("folder for a page: %w", err)
	}
	task := h.suite.task(r.Target)
	task.Small = &huntrun.Small{
		Seed: r.Run.Seed, Signature: *r.Run.Signature, Digest: r.Run.Digest, Dir: dir, CPU: h.cpu, Command: h.suite.command(r.Target, r.Run.Seed),
	}
	if task.System != nil {
		task.Small.Replay = h.Program() + " replay " + h.Quoted(filepath.ToSlash(filepath.Join(h.c.Dir(), campaign.PagesDir, id))+"/")
	}
	a, err := crew.Do(ctx, crew.Job{Program: h.suite.program(r.Target), Task: task})
	if ctx.Err() != nil {
		return nil // it is made small when the hunt goes on
	}
	reply := make(chan error, 1)
	h.keep <- request{reply: reply, do: func(ctx context.Context) error {
		if err != nil || a.Small == nil {
			fmt.Fprintf(h.Err, "capsize: seed %d of %s could not be made small: %v\n", r.Run.Seed, r.Target, err)
			a.Small = nil
		}
		if a.Small != nil {
			if g, err := h.c.Find(ctx, id); err != nil {
				return err
			} else if g.Smallest != nil && !a.Small.After.Less(g.Smallest.After) {
				a.Small = nil
			} else if err := h.c.TakePage(id, dir, true); err != nil {
				return err
			}
		}
		if _, err := h.c.Tried(ctx, r, a.Small); err != nil {
			return err
		}
		delete(h.asked, id)
		return h.queueSmall(ctx)
	}}
	return <-reply
}

// keeper keeps what the workers bring, several runs at once where several are there, until there is no more.
func (h *hunter) keeper(ctx context.Context, stop func(error)) (err error) {
	for first := range h.keep {
		group := []request{first}
		for more := true; more; {
			select {
			case r, ok := <-h.keep:
				if more = ok; ok {
					group = append(group, r)
				}
			default:
				more = false
			}
		}
		failed := err
		if failed == nil {
			failed = h.keepAll(ctx, group)
		}
		for _, r := range group {
			if failed != nil {
				h.tellLost(r.run)
			}
			r.reply <- failed
		}
		if err == nil && failed != nil {
			err = failed
			stop(err)
		}
	}
	return err
}

// tellLost prints a failure that could not be kept, so that it is not lost.
func (h *hunter) tellLost(r *campaign.Run) {
	if r == nil || r.Run.Verdict == huntrun.Valid {
		return
	}
	h.bar.End()
	fmt.Fprintf(h.Err, "capsize: NOT KEPT: seed %d of %s is %s: %s\n", r.Run.Seed, r.Target, r.Run.Verdict, r.Run.Reason)
	if command := h.suite.command(r.Target, r.Run.Seed); command != "" {
		fmt.Fprintf(h.Err, "%s\n", command)
	}
}

// keepAll keeps the runs of some requests, and does what else they ask for.
func (h *hunter) keepAll(ctx context.Context, group []request) error {
	var runs []campaign.Run
	failures := false
	for _, r := range group {
		if r.run != nil {
			runs = append(runs, *r.run)
			failures = failures || r.run.Run.Signature != nil
		}
	}
	if err := h.c.Add(ctx, runs...); err != nil {
		return err
	}
	for _, r := range runs {
		h.count(r)
	}
	if failures {
		if err := h.queueSmall(ctx); err != nil {
			return err
		}
	}
	for _, r := range group {
		if r.do == nil {
			continue
		}
		if err := r.do(ctx); err != nil {
			return err
		}
	}
	return h.writePage(ctx, false)
}

// count counts a run, and says how things stand.
func (h *hunter) count(r campaign.Run) {
	h.runs++
	if r.Run.Verdict == huntrun.Invalid || r.Run.Verdict == huntrun.Died {
		h.found++
	}
	if r.Run.Signature != nil {
		h.signatures[campaign.SignatureID(r.Target, r.Run.Signature)] = true
	}
	since := time.Since(h.began)
	if h.limit > 0 {
		expected := int(float64(h.runs) * h.limit.Seconds() / max(since.Seconds(), 0.001))
		if h.total > 0 {
			expected = min(expected, h.total)
		}
		h.bar.Expect(max(expected, h.runs))
	}
	h.bar.Step(fmt.Sprintf("%.1f seeds/s, %d found, %s", float64(h.runs)/max(since.Seconds(), 0.001), h.found, plural(len(h.signatures), "signature")))
}

// mostTries is how many failures of one signature are made small at most.
const mostTries = 3

// queueSmall has failures made small that are worth it.
func (h *hunter) queueSmall(ctx context.Context) error {
	all, err := h.c.ToTry(ctx, mostTries)
	if err != nil {
		return err
	}
	var some []campaign.Run
	for _, r := range all {
		if id := campaign.SignatureID(r.Target, r.Run.Signature); !h.asked[id] {
			h.asked[id] = true
			some = append(some, r)
		}
	}
	h.plan.shrink(some)
	return nil
}

// writePage writes the page of the campaign, unless it was written a short time ago and this is not the end.
func (h *hunter) writePage(ctx context.Context, end bool) error {
	const often = 30 * time.Second
	if !end && time.Since(h.pagesWritten) < often {
		return nil
	}
	h.pagesWritten = time.Now()
	return overview.Write(ctx, h.c)
}

// plural counts things: "1 run", "2,000 runs".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return words.Count(n) + " " + thing + "s"
}
