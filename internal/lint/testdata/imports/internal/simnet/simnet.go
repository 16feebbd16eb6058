// Package simnet may import keyed.
package simnet

import _ "example.test/imports/internal/keyed"
