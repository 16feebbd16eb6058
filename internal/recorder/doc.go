// Package recorder keeps a run on the disk while it is in progress, and finds the runs of
// processes that died. The files are those of package runlog, and run.json has the form
// of package savedrun.
package recorder
