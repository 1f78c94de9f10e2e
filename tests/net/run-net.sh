#!/bin/sh
# SPDX-License-Identifier: MIT
# The helper of user-mode networks by itself.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/net/network.py "${BUILD:-build}/epixen-net"
