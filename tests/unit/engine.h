/* SPDX-License-Identifier: MIT */
/* Which engine a test's processors run on: each program is linked once with on_interp.o and, when
 * it runs guest code, once more with on_jit.o. */
#ifndef TESTS_ENGINE_H
#define TESTS_ENGINE_H

#include "cpu/engine.h"

extern const struct engine *const test_engine;

#endif
