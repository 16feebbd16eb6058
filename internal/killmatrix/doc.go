// Command killmatrix is the product's own test: it measures how many seeds, and how much processor time, each planted bug of the systems
// that ship with Capsize takes to be found, and how small its failure gets:
//
//	go run ./internal/killmatrix [-bugs LIST] [-seeds N] [-found N] [-workers N] [-libraries] [-shrink]
//	go run ./internal/killmatrix -show BUG -seed N      one run, with its verdict
//	go run ./internal/killmatrix -floor-check          fails if a bug takes more seeds than its floor allows
//	go run ./internal/killmatrix -page                 writes the tables of docs/reference/bugs.md
//
// It runs in the root of the repository. A bug is measured in cells: under the faults that find it best, and under the portfolio of all presets.
// Seeds go from 10,001 on, until -found of them were invalid or -seeds were run. Each cell is a process of its own, and is noted in
// testdata/cells.jsonl as it grows; what was measured is not measured again, so a run that was stopped goes on. Twins without a bug
// are cells, too. Bugs in stores on libraries and the small concurrency bugs of internal/detrt/races repeat under
// "capsize test" alone: with -libraries their test binaries are built and run.
package main
