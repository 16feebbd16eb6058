// Package attributes finds the attributes of a span in its record.
package attributes
