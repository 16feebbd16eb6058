// Package campaign keeps what a hunt has run and found: a folder with an SQLite file, the failures as plain lines beside it, and a folder
// of pages.
//
//	DIR/campaign.sqlite   runs, verdicts, signatures, what was exercised, processor time, versions
//	DIR/failures.jsonl    each failure as a line of JSON, written and synced before it is in the database
//	DIR/signatures/ID/    the smallest reproduction of the failures of one signature: page, text, what it takes to run it again
//	DIR/index.html        the page of the campaign
//	DIR/lock              held by the hunt that writes
//
// docs/reference/hunt.md describes the tables.
//
// A run that [Campaign.Add] has returned from is kept when the process is killed: it is in the write-ahead log of SQLite, which the system
// writes to the disk later. A failure is also on the disk by then, twice. If the database is damaged or deleted, [Open] makes a new one from the failures.
package campaign
