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

.PHONY: help
help: ## 0 s: list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## ([^:]*): /\1\t\2\t/' | expand -t 10,20
	@echo; echo "Times are those of two cores with warm caches. The first run compiles and tests everything: allow half an hour."

.PHONY: install
install: ## 10 s: compile openbroker and install it in GOBIN, or in the directory bin of GOPATH
	@echo "Compiling openbroker: some minutes the first time, seconds afterwards."
	CGO_ENABLED=0 go install ./cmd/openbroker
	@directory="$$(go env GOBIN)"; directory="$${directory:-$$(go env GOPATH | cut -d: -f1)/bin}"; \
	echo "Installed $$directory/openbroker."; \
	case ":$$PATH:" in *":$$directory:"*) ;; *) echo "Your PATH lacks that directory: export PATH=\"\$$PATH:$$directory\"" ;; esac

.PHONY: check
check: lint ## 1-3 min: before a commit: lint, then tests, affected packages first (10 min after a change of the root package or durable)
	@first="$$(go run ./.ci/affected)"; rest="$$(go run ./.ci/affected -rest)"; \
	{ { [ -z "$$first" ] || GOGC=200 go test -timeout 60m -json $$first; } && \
		{ [ -z "$$rest" ] || GOGC=200 go test -timeout 60m -json $$rest; }; } | go run ./.ci/progress

.PHONY: test
test: tools ## 20 min: all tests with the race detector; installs what they need
	@# The mutants of package conformance take a minute without the race detector and
	@# five with it; the suite itself runs under it in brokertest and cmd/openbroker.
	{ GOGC=200 CGO_ENABLED=1 go test -race -timeout 60m -json $$(go list ./... | grep -v '/conformance$$') && \
		GOGC=200 go test -timeout 60m -json ./conformance; } | go run ./.ci/progress

.PHONY: lint
lint: $(GOLANGCI) ## 10 s: golangci-lint, with the import law, and go mod tidy
	go mod tidy -diff
	$(GOLANGCI) run --allow-parallel-runners ./...

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
chaos: tools ## 3-5 min: kill, pause and cut off replicas under load, then compare store and ledger
	go run ./chaos

.PHONY: vet-docs
vet-docs: ## 5 s: check that the documentation names what exists
	go test -run '^TestDocs' ./docs/...

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
