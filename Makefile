# Capsize: what can be done here. `make help` lists it.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c

GO       ?= go
# Tests, vet and staticcheck make much garbage and keep little: they spend less processor time
# when it is collected less often.
export GOGC ?= 400
PACKAGES ?= ./...
# Tools have a module of their own, so that a user's module graph does not hold what they need.
STATICCHECK := $(GO) tool -modfile=tools/go.mod staticcheck
GOVULNCHECK := $(GO) tool -modfile=tools/go.mod govulncheck
BENCHSTAT   := $(GO) tool -modfile=tools/go.mod benchstat
# Packages whose tests need no race detector: no goroutines of theirs meet.
NORACE   := /(history|model|checker(/.*)?|report|scenarios(/.*)?|catalog/.*|internal/(astest|cli|failure|gosource|huntcli|hunt/campaign|hunt/odds|hunt/overview|killmatrix|guidance|speed|sameruns|lint|names|overlay|gotest|coldbuild|benchtable|tier|bugset|keyed|repeats|scenariotest|cputime|packed|words|checkertest|sorting)|cmd/.*)$$
# Packages with tests of systems, and of the command that runs them.
SYSTEMS  := capsize-go/capsize$$|/(cluster|systems)/|/examples/|/scenarios|/internal/cli$$
# No test ends by the clock of a machine that is busy: this only ends what hangs.
TIMEOUT  := 2h
# Arguments of go test for the modules of their own: -short, or -run Repeats -v.
EXAMPLES ?=
FUZZTIME ?= 30s
# What is measured, and for how long each.
BENCH     ?= .
BENCHTIME ?= 1s
BENCHFLAGS ?=
# What make benchstat compares the working tree with, and how often each side runs.
BASE      ?= HEAD
COUNT     ?= 6
SEEDS    ?= 100
# The scenarios that are measured, comma-separated.
ONLY     ?= all
# The least share of statements of history, model and checker, in percent, that tests reach.
COVER    ?= 90

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: test
test: lint unit race nested realbugs ## Everything that must hold before a commit, within 5 minutes of processor time: make budget measures it

.PHONY: lint
lint: ## Check the form: gofmt, go vet, staticcheck and the rules of internal/lint
	@echo "== gofmt"
	@files=$$(git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 -r gofmt -l); \
	  if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	@echo "== go vet"
	@$(GO) vet $(PACKAGES)
	@echo "== staticcheck"
	@$(STATICCHECK) $(PACKAGES)
	@echo "== internal/lint"
	@$(GO) test -timeout $(TIMEOUT) ./internal/lint

.PHONY: cross
cross: ## Check that all packages and their tests compile for Windows and macOS
	@for os in windows darwin; do echo "== GOOS=$$os go vet"; GOOS=$$os $(GO) vet $(PACKAGES); done

.PHONY: vuln
vuln: ## Check what the packages call for known vulnerabilities; needs vuln.go.dev
	@$(GOVULNCHECK) $(PACKAGES)

.PHONY: unit
unit: ## Run all tests but those of internal/lint
	@echo "== go test"
	@$(GO) run ./internal/gotest -- -timeout $(TIMEOUT) $$($(GO) list $(PACKAGES) | grep -v '/internal/lint$$')

.PHONY: race
race: ## Run the tests of the packages with goroutines under the race detector, the long ones shortened
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null; then \
	  echo "== go test -race -short"; \
	  $(GO) run ./internal/gotest -- -race -short -timeout $(TIMEOUT) $$($(GO) list $(PACKAGES) | grep -vE '$(NORACE)'); \
	else \
	  echo "== go test -race: SKIPPED, the race detector needs a C compiler"; \
	fi

.PHONY: realbugs
realbugs: ## Show bugs of libraries in the versions that had them, and not in later ones; CAPSIZE_SEEDS=100 for docs/guide/07-caches.md
	@for m in realbugs/*/*/go.mod; do \
	  cd $${m%/go.mod}; \
	  if ! err=$$(GOFLAGS=-mod=mod $(GO) mod download 2>&1); then \
	    echo "== $$m: SKIPPED, its modules can't be had: $$err"; \
	  else \
	    GOFLAGS=-mod=mod $(GO) test -timeout $(TIMEOUT) -count=1 -v . | grep -v '^=== '; \
	  fi; \
	  cd - >/dev/null; \
	done

# Modules of their own, so that Capsize does not depend on what they need.
# Servers as they are take minutes to compile, so make servers has them, and make test has not.
SERVERS := systems/adapters/etcd systems/adapters/nats systems/adapters/servers
NESTED  := $(filter-out $(SERVERS),$(patsubst %/go.mod,%,$(wildcard examples/*/go.mod systems/*/*/go.mod report/*/go.mod)))

.PHONY: nested
nested: ## Test the modules of their own: storage engines, hashicorp/raft, gRPC; CAPSIZE_SEEDS=20 for docs/reference/libraries.md
	@staticcheck=$$($(GO) tool -modfile=tools/go.mod -n staticcheck); \
	for m in $(NESTED); do \
	  if [ $$m = report/browser ] && [ -z "$${CAPSIZE_BROWSER:-}" ] && ! command -v chromium chromium-browser google-chrome >/dev/null; then \
	    echo "== $$m: SKIPPED, there is no chromium or google-chrome"; continue; \
	  fi; \
	  cd $$m; \
	  if ! err=$$(GOFLAGS=-mod=mod $(GO) list -deps -test . 2>&1 >/dev/null); then \
	    echo "== $$m: SKIPPED, its modules can't be had: $$err"; \
	  else \
	    export GOFLAGS=-mod=mod; \
	    $(GO) vet . && "$$staticcheck" . && $(GO) test -timeout $(TIMEOUT) $(EXAMPLES) .; \
	  fi; \
	  cd - >/dev/null; \
	done

.PHONY: servers
servers: ## Test servers as they are on simulated hosts: etcd, NATS and others; takes minutes to compile. CAPSIZE_SEEDS=50 for docs/unmodified.md
	@$(GO) build -o bin/ ./cmd/capsize; \
	for m in $(SERVERS); do \
	  echo "== capsize test $$m"; (cd $$m && GOFLAGS=-mod=mod "$(CURDIR)/bin/capsize" test -timeout $(TIMEOUT) -count=1 .) || bad=1; \
	done; [ -z "$${bad:-}" ]

# What make det runs: packages whose tests need the deterministic runtime or show that it changes nothing, and adapters to
# libraries with goroutines of their own, which are modules of theirs.
DET        := ./internal/overlay ./internal/detrt/... ./internal/engine ./schedule/... ./explore/... ./cluster/... ./systems/adapters/... ./examples/anycode/...
DETROOT    := ^Test(ScriptRepeats|ShrinkSchedule|Digests|DigestsElsewhere|Difference|Schedule.*|Runtime.*)$$
DETNESTED  := $(filter-out $(SERVERS),$(patsubst %/go.mod,%,$(wildcard systems/adapters/*/go.mod)))
# The processor time that its tests may take, compiling not counted.
DETSECONDS ?= 90

.PHONY: det
det: ## Run the tests that need the deterministic runtime, with capsize test; the first time it compiles the standard library again
	@$(GO) build -o bin/ ./cmd/capsize ./internal/gotest; rm -f $(CPU); \
	run() { echo "== capsize test $$*"; CAPSIZE_RUNTIME=det "$(CURDIR)/bin/gotest" -command "$(CURDIR)/bin/capsize" -cpu "$(CURDIR)/$(CPU)" -slowest 5 -- -count=1 -timeout $(TIMEOUT) "$$@"; }; \
	run $$($(GO) list $(DET) 2>/dev/null) || bad=1; \
	run -run '$(DETROOT)' . || bad=1; \
	for m in $(DETNESTED); do \
	  cd $$m; \
	  if ! err=$$(GOFLAGS=-mod=mod $(GO) list -deps -test . 2>&1 >/dev/null); then \
	    echo "== $$m: SKIPPED, its modules can't be had: $$err"; \
	  else \
	    GOFLAGS=-mod=mod run . || bad=1; \
	  fi; \
	  cd - >/dev/null; \
	done; \
	awk -v max=$(DETSECONDS) '{ s += $$2 } END { printf "%.0f s of processor time for make det; %d are allowed\n", s, max; exit s > max }' $(CPU) && [ -z "$${bad:-}" ]

# The other minor version of Go that the overlay is for, and tests that compile all edits and pass them.
NEXT     := go1.27.3
DETNEXT  := ^Test(TwiceInAProcess|Points|OutsideMutex|Hosts|Program|Files)$$

.PHONY: det-next
det-next: ## Compile the overlay for Go $NEXT, which the go command fetches, and run some tests of it
	@if ! err=$$(GOTOOLCHAIN=$(NEXT) $(GO) version 2>&1); then echo "== $(NEXT): SKIPPED, it can't be had: $$err"; exit 0; fi; \
	$(GO) build -o bin/ ./cmd/capsize && echo "== $(NEXT)" && \
	GOTOOLCHAIN=$(NEXT) CAPSIZE_RUNTIME=det bin/capsize test -count=1 -timeout $(TIMEOUT) -run '$(DETNEXT)' ./internal/detrt/torture

.PHONY: cost
cost: ## Measure what the deterministic runtime costs: processor time of stock and of capsize test, the same seeds by turns
	@$(GO) run ./internal/runcost -seeds 24

# What package runtime and its neighbours do that an edit may have to know, as words of a regular expression.
PLACES := \b(runqput|runqputslow|globrunqput\w*|goready|ready|readyWithTime|injectglist|gopark\w*|goyield|Gosched|gosched\w*)\(|\b(cheaprand\w*|bootstrapRand|rand|randn|rand32|runtime_rand|fastrand\w*)\(|nanotime\(\)|walltime\(\)|Hasher\(|[mM]em[hH]ash\w*\(|[sS]tr[hH]ash\w*\(|typehash\(|\.bubble\b
OLD    ?= go1.26.8
NEW    ?= go1.27.3

.PHONY: places
places: ## List where $NEW wakes goroutines, draws, hashes or reads clocks and $OLD did not, and the reverse: see docs/reference/porting-go.md
	@list() { cd "$$(GOTOOLCHAIN=$$1 $(GO) env GOROOT)/src"; \
	  grep -rE --include='*.go' --exclude='*_test.go' --exclude-dir=testdata '$(PLACES)' runtime internal/runtime internal/sync internal/synctest sync time math/rand hash/maphash unique weak reflect crypto/internal/sysrand os/tempfile.go net/dnsclient.go \
	    | grep -vE ':[[:space:]]*//' | sed -E 's/:[[:space:]]*/: /' | sort; }; \
	diff <(list $(OLD)) <(list $(NEW)) | grep '^[<>]' || echo "there is none"

.PHONY: short
short: ## The loop while one writes: one seed a system, less than a minute of processor time
	@$(GO) run ./internal/gotest -- -short -timeout $(TIMEOUT) $(PACKAGES)

# Where make budget notes what each test binary took.
CPU := cpu.txt

.PHONY: budget
budget: ## Measure the processor time of all that make test runs, and of go test -short; compiling is not counted
	@$(GO) build -o gotest.bin ./internal/gotest; $(GO) vet $(PACKAGES); rm -f $(CPU) lint.txt; \
	measure() { ./gotest.bin -cpu $(CPU) -slowest 10 -- -count=1 -timeout $(TIMEOUT) "$$@"; }; \
	sum() { awk -v of="$$1" -v max="$$2" '{ s += $$2 } END { printf "%.0f s of processor time for %s; %d are allowed\n", s, of, max; exit s > max }' $(CPU); }; \
	echo "== go test -short"; measure -short $(PACKAGES); short=$$(sum "go test -short" 60) || over=1; rm -f $(CPU); \
	echo "== lint"; TIMEFORMAT='lint %U %S'; { time make --no-print-directory lint 2>&1; } 2> lint.txt; \
	awk '/^lint / { print "lint", $$2 + $$3 }' lint.txt > $(CPU); \
	echo "== go test"; measure $$($(GO) list $(PACKAGES) | grep -v '/internal/lint$$'); \
	echo "== go test -race -short"; measure -race -short $$($(GO) list $(PACKAGES) | grep -vE '$(NORACE)'); \
	for m in $(NESTED) $(patsubst %/go.mod,%,$(wildcard realbugs/*/*/go.mod)); do \
	  (cd $$m && GOFLAGS=-mod=mod "$(CURDIR)/gotest.bin" -cpu "$(CURDIR)/$(CPU)" -slowest 0 -- -count=1 -timeout $(TIMEOUT) .); \
	done; \
	sort -k2 -n -r $(CPU) | sed -n 1,10p; echo "$$short"; sum "make test" 300 && [ -z "$${over:-}" ]

.PHONY: cold
cold: ## Measure what a first "go run ./cmd/capsize run" compiles; fails above 45 s on two processors
	@$(GO) run ./internal/coldbuild -most 90s ./cmd/capsize

.PHONY: cover
cover: ## Measure what the tests of history, model and checker reach; fails below $COVER percent
	@for p in history checker; do \
	  of=./$$p/...; if [ $$p = checker ]; then of=./model/...,$$of; fi; \
	  $(GO) test -coverprofile=cover.out -coverpkg=$$of $${of//,/ }; \
	  $(GO) tool cover -func=cover.out | awk -v p=$$p -v min=$(COVER) \
	    '$$1 == "total:" { sub("%", "", $$3); printf "%s: %s %%\n", p, $$3; exit ($$3 + 0 < min) }' \
	    || { echo "$$p: less than $(COVER) % of its statements are tested"; exit 1; }; \
	done

.PHONY: bench
bench: ## Measure speed on one processor, also against porcupine; BENCHFLAGS=-full PACKAGES=./checker/linearizable takes hours
	@GOMAXPROCS=1 GOGC=800 $(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -benchtime=$(BENCHTIME) -count=1 -timeout=12h $(PACKAGES) $(BENCHFLAGS) \
	  | awk '!/^(\?|PASS$$|ok )/ { print; fflush() }' | $(GO) run ./internal/benchtable

.PHONY: benchstat
benchstat: ## Compare the speed of commit $BASE with the working tree: $BENCH of $PACKAGES, $COUNT runs of each side by turns
	@dir=$$(mktemp -d); trap "git worktree remove --force $$dir/base; rm -rf $$dir" EXIT; \
	git worktree add --quiet --detach $$dir/base $(BASE); \
	for i in $$(seq $(COUNT)); do \
	  for tree in $$dir/base .; do \
	    (cd $$tree && GOMAXPROCS=1 GOGC=800 $(GO) test -run='^$$' -bench='$(BENCH)' -benchmem -benchtime=$(BENCHTIME) -count=1 -timeout=12h $(PACKAGES) $(BENCHFLAGS)) \
	      >> $$dir/$$([ $$tree = . ] && echo new || echo base).txt; \
	  done; \
	done; \
	$(BENCHSTAT) base=$$dir/base.txt new=$$dir/new.txt

.PHONY: speed
speed: ## Compare the speed of checked seeds of all systems with commit $BASE, by turns
	@$(GO) run ./internal/speed -base $(BASE)

.PHONY: sameruns
sameruns: ## Ask of 10,000 seeds whether they give the same run in other processes, with other settings, and under load
	@$(GO) run ./internal/sameruns

# What make falsealarms runs: systems that are right, under faults that have an effect in every run.
RIGHT := $(foreach s,raftkv registerkv primarykv chainkv quorumkv crdtkv,--system $(s)) \
	--nemesis partition,crash --nemesis swarm --nemesis blackouts --nemesis flip-flop --nemesis straggler

.PHONY: falsealarms
falsealarms: ## Hunt in 100,000 seeds of systems that are right; whatever is invalid there is a false alarm
	@$(GO) run ./cmd/capsize hunt $(RIGHT) --seeds 2900 --duration 12s --into capsize-hunt/right

.PHONY: killmatrix
killmatrix: ## Measure how many seeds each planted bug takes and how small its failure gets, for docs/reference/bugs.md; goes on where it stopped
	@$(GO) build -o bin/ ./internal/killmatrix; bin/killmatrix -seeds 1000 -found 50 -twins 200 && bin/killmatrix -libraries && bin/killmatrix -shrink && bin/killmatrix -page

.PHONY: cap
cap: ## Measure the CAP cards anew, for docs/guide/09-cap.md; takes about two minutes
	@GOGC=800 $(GO) generate -run TestMakeCAP ./scenarios/replication

.PHONY: isolation
isolation: ## Measure the isolation card anew, for docs/transactions.md; takes about two minutes
	@GOGC=800 $(GO) generate -run TestMakeIsolation ./scenarios/isolation && $(GO) test -run TransactionsPage ./scenarios/isolation -update

.PHONY: scenarios
scenarios: ## Measure the other scenarios anew, or $ONLY of them, for docs/reference/scenarios.md; takes minutes
	@ONLY=$(ONLY) GOGC=800 $(GO) generate -run TestMakeScenarios ./scenarios/caching

.PHONY: series
series: ## Measure the scenarios of docs/series anew, or $ONLY of them, and draw its tables and pictures; ONLY=index measures none
	@ONLY=$(ONLY) GOGC=800 $(GO) generate -run TestMakeSeries ./scenarios/resilience

.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for $FUZZTIME
	@for p in $$($(GO) list $(PACKAGES)); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "== $$p $$f"; \
	    $(GO) test -run='^$$' -fuzz="^$$f$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=3s $$p; \
	  done; \
	done

.PHONY: corpus
corpus: ## Judge the histories of others that $CAPSIZE_CORPUS holds
	@$(GO) test -count=1 -v -run Corpus ./checker/...

.PHONY: sweep
sweep: ## Run the tests of all systems again, $SEEDS seeds each, and the checkers on more histories; takes long
	@CAPSIZE_SEEDS=$(SEEDS) $(GO) run ./internal/gotest -- -count=1 -timeout 24h $$($(GO) list $(PACKAGES) | grep -E '$(SYSTEMS)|/nemesis$$|/catalog/')
	@CAPSIZE_SEEDS=$(SEEDS) CAPSIZE_SWEEP=$$((100 * $(SEEDS))) $(GO) run ./internal/gotest -- -count=1 -timeout 24h ./checker/...

.PHONY: demo
demo: ## Run a test from the command line, and see what it prints
	@$(GO) run ./cmd/capsize run
