// Package view shows the calls of one history as a model sees them: by key, with what each reads and writes, and in
// words. It boxes inputs and outputs, so that it is compiled once and not for each model.
package view
