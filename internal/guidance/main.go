// Command guidance measures whether a guided hunt finds rare bugs in less processor time than fresh seeds do:
//
//	go run ./internal/guidance [-targets LIST] [-arms LIST] [-cpu DURATION] [-first N] [-into FILE]
//	go run ./internal/guidance -table FILE
//
// A target is a bug of a shipped system under a nemesis that finds it rarely. An arm is a way to hunt: "fresh", or a signal with a share of mutated
// plans, "history/30". Each target and arm gets the same processor time, in turns. In it runs one campaign after the other, each until
// its first find: what a hunt finds after that of the same failure is worth nothing, and a guided one would find it again and again. The next campaign begins
// with an empty corpus and other seeds; the campaigns of all arms have the same ones. The processor time is that of the process, with what the guidance itself
// takes and with recording.
//
// With -on there is one campaign that goes on after its finds, as a long hunt for a failure that is rarer: finds do not join the corpus, and those of one parent count once.
//
// A line of JSON goes to the file for each campaign. The table has finds in an hour of processor time and, for each arm, the ratio of its rate to that of
// fresh seeds with its 95 % interval: exact, by the binomial distribution of the finds of two arms given their sum (Przyborowski and Wilenski 1940, with the limits of Clopper
// and Pearson 1934), and for all targets together the ratio of Mantel and Haenszel, with the variance of Greenland and Robins (1985).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/capsize-go/capsize"
)

func main() {
	capsize.Main(func(t *testing.T) int {
		if err := run(t.Context(), t, os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "guidance: %v\n", err)
			return 1
		}
		return 0
	})
}

// settings are what the flags say.
type settings struct {
	targets []target
	arms    []arm
	cpu     time.Duration // of each target and arm
	slice   time.Duration // of it in one turn
	first   uint64        // campaign
	most    int           // runs of a campaign
	goOn    bool          // campaigns go on after a find
	into    string        // file
}

func run(ctx context.Context, t *testing.T, args []string) error {
	var s settings
	f := flag.NewFlagSet("guidance", flag.ContinueOnError)
	names := f.String("targets", "all", "the targets, separated by commas: SYSTEM/BUG/NEMESIS")
	arms := f.String("arms", "fresh,none/30,history/30,messages/30,states/30", "the arms, separated by commas: fresh, or SIGNAL/PERCENT")
	f.DurationVar(&s.cpu, "cpu", 20*time.Second, "processor time of each target and arm")
	f.DurationVar(&s.slice, "slice", 5*time.Second, "processor time of a turn")
	f.Uint64Var(&s.first, "first", 1, "the first campaign")
	f.IntVar(&s.most, "most", 5000, "how many runs a campaign has at most")
	f.BoolVar(&s.goOn, "on", false, "a campaign goes on after a find, for all of its processor time")
	f.StringVar(&s.into, "into", "", "the file that gets a line for each campaign; default: standard output")
	tables := f.String("table", "", "print the table of these files, separated by commas, and run nothing")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *tables != "" {
		return printTable(os.Stdout, strings.Split(*tables, ","))
	}
	var err error
	if s.targets, err = parseTargets(*names); err != nil {
		return err
	}
	if s.arms, err = parseArms(*arms); err != nil {
		return err
	}
	if s.cpu <= 0 || s.slice <= 0 || s.most < 1 {
		return fmt.Errorf("%v of processor time in turns of %v, %d runs a campaign: there is nothing to run", s.cpu, s.slice, s.most)
	}
	return measure(ctx, t, s)
}
