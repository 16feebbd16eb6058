// Package view shows the calls of one history as a model sees them: by key, with what each asked, read and wrote, and in
// words. Inputs and outputs are boxed in it, so that it is compiled once and not for each model.
package view
