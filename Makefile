# Swift 6.2 or later must be there; everything else is installed by the targets that need it.

.PHONY: help demo test lint format asan tsan bench bench-check fuzz docs

help:
	@echo "make demo         a room with a recorded Flash client; prints the address to open"
	@echo "make test         every test; closes with N passed, N failed, N skipped"
	@echo "make lint         the form of all sources"
	@echo "make format       write Swift files in the house's form"
	@echo "make bench        what it costs: parts beside their floor, the gateway under load"
	@echo "make bench-check  allocations and system calls beside their recorded limits"
	@echo "make fuzz         each parser for FUZZ_SECONDS (60) under libFuzzer"
	@echo "make asan, tsan   the Swift tests under the address or thread sanitizer"

demo:
	@Scripts/demo

test:
	@Scripts/test

lint:
	@Scripts/lint

format:
	@Scripts/format

asan:
	@Scripts/sanitize address

tsan:
	@Scripts/sanitize thread

bench:
	@Scripts/bench

bench-check:
	@Scripts/bench check

fuzz:
	@Scripts/fuzz

# What has no work to do yet refuses, rather than pass for done.
docs:
	$(error there is no generated documentation yet; read README.md and docs/)
