#!/usr/bin/env bash
# github.com/hashicorp/raft v1.8.0 and github.com/hashicorp/raft-boltdb/v2 v2.3.1
#
# What one would guess: the current release of raft and the current release of the
# log store that its README names build together.
# What happens: they do not. raft v1.8.0 requires go-metrics v0.7.0, which has no
# package compat any more; raft-boltdb v2.3.1 imports it. With raft v1.7.3 they build.
#
# Output seen, go1.26.8:
#   raft v1.7.3: builds
#   raft v1.8.0: … does not contain package github.com/hashicorp/go-metrics/compat
# Fails if that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > x.go <<'GO'
package x

import (
	_ "github.com/hashicorp/raft"
	_ "github.com/hashicorp/raft-boltdb/v2"
)
GO
try() { # prints what the go command says of one version of raft
	printf 'module x\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/hashicorp/raft %s\n\tgithub.com/hashicorp/raft-boltdb/v2 v2.3.1\n)\n' "$1" > go.mod
	rm -f go.sum
	GOFLAGS=-mod=mod go build ./... 2>&1 && echo builds
}
old=$(try v1.7.3 | tail -1)
new=$(try v1.8.0 | tail -1) || true
echo "raft v1.7.3: $old"
echo "raft v1.8.0: $new"
[[ $old == builds && $new == *"does not contain package github.com/hashicorp/go-metrics/compat"* ]]
