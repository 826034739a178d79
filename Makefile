# What a person types. Every target first makes sure that the system packages are there.
CARGO ?= cargo
LOOPY := target/release/loopy

.PHONY: demo build web web-test live-test test lint audit chaos fuzz bench setup clean

demo: build
	$(LOOPY) demo --workers $$(nproc)

build: setup web
	LOOPY_BUILD=$$(git describe --always --dirty 2>/dev/null) $(CARGO) build --release --locked --bin loopy

# The pages of the live stream; without Node.js there is one of text.
web:
	@scripts/web.sh

# The pages in a real browser, against a stream of their own and against the program.
web-test:
	@scripts/web.sh test
live-test: demo
	@scripts/live.sh

test: setup web
	$(CARGO) test --workspace --locked
	@scripts/web.sh test

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

audit:
	@scripts/audit.sh

# A render killed at 200 random moments, each followed by the same command.
chaos: setup
	LOOPY_CHAOS=200 $(CARGO) test -p loopy-cli --locked --test films killed_at_any_moment

# Every parser of outside bytes, ten minutes each: needs a nightly toolchain.
fuzz: setup
	@scripts/fuzz.sh

bench: build
	benches/run.sh

setup:
	@scripts/setup.sh

clean:
	$(CARGO) clean
