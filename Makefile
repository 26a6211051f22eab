# Each target installs what it needs: Python tools in .venv, crates by cargo.
PYTHON := .venv/bin/python
VENV := .venv/.installed
# Node.js and npm are in .venv too, once there is this file.
CDK_TOOLS := .venv/.cdk
NODE_MODULES := cdk/node_modules/.package-lock.json
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix cdk
CARGO_FUZZ := .tools/bin/cargo-fuzz
CARGO_FUZZ_VERSION := 0.13.2
CARGO_MUTANTS := .tools/bin/cargo-mutants
CARGO_MUTANTS_VERSION := 27.1.0
CARGO_CYCLONEDX := .tools/bin/cargo-cyclonedx
CARGO_CYCLONEDX_VERSION := 0.5.9
CARGO_ABOUT := .tools/bin/cargo-about
CARGO_ABOUT_VERSION := 0.9.3
BENCH_ROUNDS ?= 25
# Per fuzz target of `make fuzz`.
FUZZ_SECONDS ?= 60
# Twice the limit of a response, so that there is something to cut.
FUZZ_BYTES := 8192
# Sanitizers find errors of unsafe code, which this crate forbids. They would halve the speed and
# need another compilation.
FUZZ_FLAGS ?= --sanitizer none

.PHONY: help demo test check unit templates workflows e2e cdk audit package cdkpackage try reproducible \
	tagged fuzz mutants storm bench failures schema emulator local requirements clean
help: ## List the targets.
	@grep -E '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## /\t/'

demo: $(VENV) ## Create, update, roll back and delete stacks on an emulated AWS.
	@$(PYTHON) tools/demo.py

# The audit comes last, so that its notice about advisories that were not checked is seen.
test: check unit templates workflows e2e cdk audit ## Lint, unit, integration and end-to-end tests, and the audit.

check: ## Format, clippy and rustdoc, warnings denied.
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

unit: ## Unit tests, property tests, model checking, and the executable under a fake Runtime API.
	cargo test --workspace --locked

templates: $(VENV) ## sam validate --lint; cfn-lint and cfn-cognito-idp-check on the examples.
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 .venv/bin/sam validate --lint
	.venv/bin/cfn-lint --append-rules schema/cfn-lint -- examples/*.yaml
	cargo run --quiet --locked -p cfn-cognito-idp-check -- examples/*.yaml

workflows: $(VENV) ## actionlint on .github/workflows.
	.venv/bin/actionlint

e2e: $(VENV) ## Test the function as SAM builds it on an emulated CloudFormation, and events/ through cargo lambda.
	$(PYTHON) -c 'import sys; sys.path.insert(0, "tools"); import emulator; emulator.build(print)'
	$(PYTHON) -m pytest -q tests/e2e

cdk: $(CDK_TOOLS) $(NODE_MODULES) ## Lint and test the CDK constructs, and deploy apps with them to an emulated CloudFormation.
	$(PYTHON) -c 'import sys; sys.path.insert(0, "tools"); import emulator; emulator.build(print)'
	$(PYTHON) tools/cdk_package.py emulated
	$(NPM) run lint
	$(NPM) run build
	$(NPM) run test
	$(NPM) run examples
	$(NPM) run checkapi
	rm -rf cdk/dist
	$(NPM) run bundle
	$(PYTHON) -m pytest -q tests/cdk
	PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) tools/npm_audit.py

audit: $(VENV) ## Licences, bans, sources and advisories of all crates; ADVISORIES=required fails without the database.
	@$(PYTHON) tools/audit.py

package: $(VENV) $(CARGO_CYCLONEDX) $(CARGO_ABOUT) ## Fill dist/ with zips, templates, sums, SBOMs and licences; ten minutes.
	$(PYTHON) tools/package.py
	$(PYTHON) tools/try_zips.py --if-possible

cdkpackage: $(CDK_TOOLS) $(NODE_MODULES) ## Put the CDK constructs, with the function in dist/, into dist/cdk: an npm package and a Python wheel.
	$(PYTHON) tools/cdk_package.py dist
	$(NPM) run build
	rm -rf dist/cdk
	$(NPM) run bundle -- --outdir "$(CURDIR)/dist/cdk"

try: $(VENV) ## Start the function of each zip in dist/, under qemu if need be, and send it a Create.
	$(PYTHON) tools/try_zips.py

reproducible: package ## Package the last commit in another folder as well, and compare; twenty minutes.
	@test -z "$$(git status --porcelain)" || { echo 'commit your changes first' >&2; exit 1; }
	again=$$(mktemp -d) && trap 'rm -rf "$$again"' EXIT && \
	git clone --quiet . "$$again" && ln -s "$(CURDIR)/.venv" "$(CURDIR)/.tools" "$$again" && \
	(cd "$$again" && .venv/bin/python tools/package.py) && \
	diff --recursive dist "$$again/dist" && echo 'both are equal'

tagged: ## Check that TAG is v and the version of Cargo.toml, and that CHANGELOG.md has its date.
	@version=$$(cargo pkgid | sed 's/.*[#@]//'); \
	test "$$TAG" = "v$$version" || { echo "the tag is '$$TAG', expected v$$version" >&2; exit 1; }; \
	grep -q "^## $$version, [0-9]" CHANGELOG.md || \
	{ echo "CHANGELOG.md has no date for $$version" >&2; exit 1; }

fuzz: $(CARGO_FUZZ) ## Fuzz the handler and its parsers, FUZZ_SECONDS per target; needs a nightly toolchain.
	@cargo +nightly --version >/dev/null 2>&1 || { \
	echo 'make fuzz needs a nightly toolchain: rustup toolchain install nightly --profile minimal' >&2; exit 1; }
	@# Fails if the lock file is out of date, which cargo fuzz would change silently.
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
	for target in event text metadata; do \
	case $$target in metadata) seeds=tests/metadata/*.xml ;; *) seeds=events/*.json ;; esac; \
	mkdir -p fuzz/corpus/$$target && cp $$seeds fuzz/corpus/$$target && \
	PATH="$(CURDIR)/.tools/bin:$$PATH" cargo +nightly fuzz run $(FUZZ_FLAGS) $$target -- \
	-max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=$(FUZZ_BYTES) -dict=fuzz/event.dict \
	-verbosity=0 -print_final_stats=1 || exit; done

mutants: $(CARGO_MUTANTS) ## Disable each mechanism, then make each small change, and check that a test fails; an hour, or SHARD=k/n.
	python3 tools/mutants.py
	python3 tools/cargo_mutants.py $(if $(SHARD),--shard $(SHARD))

storm: ## Create 20 to 300 providers at once under Cognito's published quotas, with rollbacks; four minutes.
	cargo build --release --locked
	cargo run --quiet --locked -p cfn-cognito-idp-support --bin storm -- target/release/cfn-cognito-idp

bench: ## Benchmark cold starts against an empty function; BENCH_OUT names .json and .svg files.
	cargo build --release --locked
	cargo build --release --locked -p cfn-cognito-idp-bench
	target/release/cfn-cognito-idp-bench target/release/cfn-cognito-idp target/release/empty $(BENCH_ROUNDS) $(BENCH_OUT)

failures: ## Regenerate docs/failures.md.
	WRITE_PAGES=1 cargo test --quiet --locked --test function operator

schema: ## Regenerate schema/cognito-identity-provider.json.
	WRITE_PAGES=1 cargo test --quiet --locked -p cfn-cognito-idp-check --test schema up_to_date

emulator: $(VENV) ## Start an emulated AWS with the function deployed, for your own stacks; Ctrl-C stops it.
	@$(PYTHON) tools/try_stacks.py

local: ## Serve the user pool, the secret and the response URL that events/ need, on port 9100.
	cargo run --quiet -p cfn-cognito-idp-support --bin local

requirements: ## Regenerate requirements-dev.txt and requirements-cdk.txt from requirements-dev.in and requirements-cdk.in.
	rm -rf .venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet -r requirements-dev.in
	(echo '# Made by `make requirements` from requirements-dev.in.'; .venv/bin/pip freeze) > requirements-dev.txt
	.venv/bin/pip install --quiet -r requirements-cdk.in -c requirements-dev.txt
	(echo '# Made by `make requirements` from requirements-cdk.in.'; \
	.venv/bin/pip freeze | grep -vxFf requirements-dev.txt) > requirements-cdk.txt
	touch $(VENV) $(CDK_TOOLS)

clean: ## Remove everything that the other targets create.
	rm -rf .venv .aws-sam dist target .pytest_cache .tools fuzz/target fuzz/corpus fuzz/artifacts
	rm -rf cdk/node_modules cdk/dist cdk/function cdk/schema cdk/.jsii cdk/tsconfig.*
	find cdk/lib -name '*.js' -delete -o -name '*.d.ts' -delete

$(CARGO_FUZZ):
	cargo install --quiet --locked --root .tools cargo-fuzz --version $(CARGO_FUZZ_VERSION)

$(CARGO_MUTANTS):
	cargo install --quiet --locked --root .tools cargo-mutants --version $(CARGO_MUTANTS_VERSION)

$(CARGO_CYCLONEDX):
	cargo install --quiet --locked --root .tools cargo-cyclonedx --version $(CARGO_CYCLONEDX_VERSION)

$(CARGO_ABOUT):
	cargo install --quiet --locked --root .tools cargo-about --version $(CARGO_ABOUT_VERSION) --features cli

$(VENV): requirements-dev.txt
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(CDK_TOOLS): $(VENV) requirements-cdk.txt
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-cdk.txt -c requirements-dev.txt
	@touch $@

$(NODE_MODULES): $(CDK_TOOLS) cdk/package-lock.json
	$(NPM) ci --no-audit --no-fund
	@touch $@
