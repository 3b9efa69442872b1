# The comment behind a target says how long it takes, and what it does; `make`
# prints the list. Times are those of two cores with warm caches.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_VERSION := v2.15.0
DEADCODE_VERSION := v0.52.0
BIN := $(CURDIR)/.tmp/bin
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
DEADCODE := $(BIN)/deadcode-$(DEADCODE_VERSION)
FUZZTIME ?= 60s
BENCHTIME ?= 1s
# SQLite is C in the form of Go: the race detector finds nothing in it, and makes it
# several times slower. Its callers are watched. Only this package is left out: others
# may share functions with type parameters with ours, of which the linker takes any.
RACE := -race -gcflags='modernc.org/sqlite/lib=-race=false'
# Only the race detector needs cgo. All else is compiled without, once for the linters,
# the tests and the binary. Tests need no debugging information.
export CGO_ENABLED := 0
TESTFLAGS := -vet=off -timeout 60m -ldflags=-w

# The python3 of a version manager can be a script that takes five times as long as Python
# itself, and the tests start many programs in Python.
SHIM := $(filter %/shims/python3,$(shell command -v python3))
export PATH := $(if $(SHIM),$(shell python3 -c 'import os, sys; print(os.path.dirname(sys.executable))'):)$(PATH)

# Some packages wait more than they compute: they go first.
SLOW := ./provider/rabbitmq ./provider/postgres ./provider/command
# These are tested without the race detector: the command, whose tests start the binary, which has none; the
# mutants of conformance and the simulation take a minute without it, and five with it. What they test runs
# under it in other packages.
PLAIN := ./cmd/openbroker ./conformance ./durable/internal/simulation

.PHONY: help
help: ## 0 s: list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## ([^:]*): /\1\t\2\t/' | expand -t 10,20
	@echo; echo "Times are those of two cores with warm caches. The first run compiles and tests everything: allow half an hour."

.PHONY: install
install: ## 10 s: compile openbroker and install it in GOBIN, or in the directory bin of GOPATH
	@echo "Compiling openbroker: some minutes the first time, seconds afterwards."
	go install ./cmd/openbroker
	@directory="$$(go env GOBIN)"; directory="$${directory:-$$(go env GOPATH | cut -d: -f1)/bin}"; \
	echo "Installed $$directory/openbroker."; \
	case ":$$PATH:" in *":$$directory:"*) ;; *) echo "Your PATH lacks that directory: export PATH=\"\$$PATH:$$directory\"" ;; esac

.PHONY: check
check: lint ## 1-3 min: before a commit: lint, then tests, affected packages first (10 min after a change of the root package or durable)
	@first="$$(go run ./.ci/affected)"; rest="$$(go run ./.ci/affected -rest)"; \
	{ { [ -z "$$first" ] || GOGC=200 go test $(TESTFLAGS) -json $$first; } && \
		{ [ -z "$$rest" ] || GOGC=200 go test $(TESTFLAGS) -json $$rest; }; } | go run ./.ci/progress

.PHONY: test
test: tools ## 22 min: all tests, most with the race detector; installs what they need
	@# The linter vets. A failure does not hide others.
	{ failed=; export GOGC=200; \
		go test -p 3 $(TESTFLAGS) -json $(PLAIN) || failed=1; \
		CGO_ENABLED=1 go test $(RACE) -p 3 $(TESTFLAGS) -json $(SLOW) $$(go list ./... | grep -v '/cmd/openbroker$$\|/conformance$$\|/simulation$$') || failed=1; \
		[ -z "$$failed" ]; } | go run ./.ci/progress

.PHONY: lint
lint: $(GOLANGCI) ## 10 s: golangci-lint, with the import law, and go mod tidy
	go mod tidy -diff
	GOGC=200 $(GOLANGCI) run --allow-parallel-runners ./...

.PHONY: deadcode
deadcode: $(DEADCODE) ## 15 s: functions that neither a command nor a test reaches
	@found="$$($(DEADCODE) -test ./...)"; [ -z "$$found" ] || { echo "$$found"; exit 1; }

.PHONY: fix
fix: $(GOLANGCI) ## 10 s: format, and apply what the linter can fix
	go mod tidy
	$(GOLANGCI) run --allow-parallel-runners --fix ./...

.PHONY: fuzz
fuzz: ## 40 min: every fuzz target for FUZZTIME (60s)
	@go list ./... | while read -r package; do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$package"; \
		done; \
	done

.PHONY: bench
bench: ## 2 min: benchmarks, as ratios measured in one run
	@# GOGC is that of openbroker serve.
	GOGC=400 go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./bench/...

.PHONY: chaos
chaos: tools ## 6-9 min: kill, pause and cut off replicas under load, compare store and ledger, check histories
	go run ./chaos

.PHONY: simulate-engine
simulate-engine: ## 1 h: ten million operations on the simulated engine, each seed twice (durable/internal/simulation)
	go test $(TESTFLAGS) -count=1 -timeout 12h -v -run '^TestSimulation$$' ./durable/internal/simulation -args -simulation.seeds=67000

.PHONY: simulate-mutants
simulate-mutants: ## 15 min: remove the rules of the engine one by one, and find each loss in the simulation
	SIMULATE_MUTANTS=1 go test $(TESTFLAGS) -count=1 -timeout 3h -v -run '^TestMutants$$' ./durable/internal/simulation -args -simulation.seeds=30

.PHONY: postgres-versions
postgres-versions: tools ## 20 min: the tests of provider/postgres and of the store on PostgreSQL 14 to 18, which it downloads
	@for programs in $$(.ci/postgres-versions good); do \
		echo "== $$programs"; \
		PGTEST_BINARIES="$$programs" go test -count=1 -timeout 60m ./provider/postgres ./durable/pgstore/...; \
	done
	@for programs in $$(.ci/postgres-versions bad); do \
		echo "== $$programs, which must be refused"; \
		PGTEST_BINARIES="$$programs" go test -count=1 -v -run '^TestThisServer$$' ./provider/postgres; \
	done

.PHONY: postgres-many
postgres-many: tools ## 5 min: 200 instances with 3 bindings each on PostgreSQL, made and deleted by 32 clients
	PGTEST_MANY="200 3 32" go test -count=1 -v -timeout 60m -run '^TestMany$$' ./provider/postgres

.PHONY: away
away: tools ## 20 min: the servers behind the providers are away for a whole minute in each kind of operation
	SERVICETEST_AWAY=1m go test -count=1 -p 4 -timeout 60m -run '^TestAway$$' ./provider/postgres ./provider/mysql ./provider/redis ./provider/rabbitmq
	SERVICETEST_AWAY=1m go test -count=1 -timeout 60m -run '^TestService$$/^away$$' ./provider/nats

.PHONY: mysql-server
mysql-server: tools ## 10 min: the tests of provider/mysql on a server of MySQL, which it unpacks from Debian unstable
	.ci/mysql
	MYSQLTEST_SERVERS=mysql go test -count=1 -timeout 60m ./provider/mysql

.PHONY: vet-docs
vet-docs: ## 5 s: check that the documentation names what exists
	go test -run '^TestDocs' ./docs/...

.PHONY: screenshots
screenshots: tools ## 1 min: pictures of the console in .tmp/screenshots, and two of them in docs/images
	SCREENSHOTS=$(CURDIR)/.tmp/screenshots go test -count=1 -run '^TestScreenshots$$' ./console
	@mkdir -p docs/images
	cp .tmp/screenshots/overview-light.png docs/images/console-overview.png
	cp .tmp/screenshots/instance-dark.png docs/images/console-instance.png

.PHONY: tools
tools: ## 1 s: install what the tests need and the machine lacks
	@.ci/tools

$(GOLANGCI):
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@

$(DEADCODE):
	@mkdir -p $(BIN)
	GOBIN=$(BIN) GOFLAGS= go install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)
	mv $(BIN)/deadcode $@
