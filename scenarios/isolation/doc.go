// Package isolation has the scenario isolation: which isolation level each database claims, and which it keeps under faults.
package isolation
