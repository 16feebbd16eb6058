// Package vacuity finds histories that prove nothing: of which no call was answered, or no call of some kind succeeded. A
// verdict on such a history would be valid for nothing.
package vacuity
