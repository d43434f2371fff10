# The commands of the house; meson and ninja do the work.
.PHONY: run build test asan tsan check fmt fuzz bench clean

SOURCES = $(shell git ls-files --cached --others --exclude-standard 'src/*.[ch]' 'tools/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]')

run: build
	build/gridiron demo

build:
	@tools/install-deps build
	@test -f build/build.ninja || meson setup build >/dev/null
	@ninja -C build --quiet

test: build-test
	@tests/run build

# The suite, but for what tests/meson.build keeps for the plain build, under AddressSanitizer and UndefinedBehaviorSanitizer; then
# under ThreadSanitizer.
asan: build-test
	@test -f build-asan/build.ninja || meson setup build-asan -Dbuildtype=debugoptimized \
		-Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C build-asan --quiet
	@tests/run build-asan

tsan: build-test
	@test -f build-tsan/build.ninja || meson setup build-tsan -Dbuildtype=debugoptimized \
		-Db_sanitize=thread -Db_lundef=false >/dev/null
	@ninja -C build-tsan --quiet
	@tests/run build-tsan

build-test:
	@tools/install-deps test
	@test -f build/build.ninja || meson setup build >/dev/null
	@ninja -C build --quiet

check:
	@tools/install-deps test
	@tools/check

fmt:
	@clang-format -i $(SOURCES)

fuzz:
	@tools/install-deps test
	@tests/fuzz/run

bench: build
	@tools/install-deps bench
	@bench/run

clean:
	rm -rf build build-asan build-tsan build-clang build-fuzz
