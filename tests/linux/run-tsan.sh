#!/bin/sh
# SPDX-License-Identifier: MIT
# For SIZE=long: a Linux guest with one and two processors under ThreadSanitizer, on the interpreter,
# whose every access of guest memory it sees. `make tsan` runs the whole suite so.
cd "$(dirname "$0")/../.." || exit 1
[ "${SIZE:-short}" = long ] && [ "$(basename "${BUILD:-build}")" = build ] || {
	echo "0 passed, 0 failed, 0 skipped"
	exit 0
}
make -s MODE=tsan BUILD=build/tsan build/tsan/epixen >&2 || {
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
reports=$(realpath build/tsan)/sanitizer-boot
rm -f "$reports".*
TSAN_OPTIONS=log_path=$reports EPIXEN=build/tsan/epixen BUILD=build/tsan SIZE=short TESTS="boots saves" \
	sh tests/linux/run-linux.sh
status=$?
for r in "$reports".*; do
	[ -e "$r" ] && cat "$r" >&2 && status=1
done
exit $status
