# What a person types. Every target first makes sure that the system packages are there.
CARGO ?= cargo
LOOPY := target/release/loopy

.PHONY: demo build test lint bench setup clean

demo: build
	$(LOOPY) demo --workers $$(nproc)

build: setup
	LOOPY_BUILD=$$(git describe --always --dirty 2>/dev/null) $(CARGO) build --release --locked --bin loopy

test: setup
	$(CARGO) test --workspace --locked

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: build
	benches/run.sh

setup:
	@scripts/setup.sh

clean:
	$(CARGO) clean
