// Package words puts numbers, values and durations into English words.
package words
