// Package picture draws rows of scenarios: the metrics that they have in common as bars.
package picture
