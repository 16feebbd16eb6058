// Package vacuity finds histories that prove nothing: no call returned, or no call of some kind succeeded. On such a history
// a valid verdict would be vacuous.
package vacuity
