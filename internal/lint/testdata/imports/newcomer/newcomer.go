// Package newcomer is in no rule.
package newcomer
