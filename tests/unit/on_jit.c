/* SPDX-License-Identifier: MIT */
/* The test runs on the translator. */
#include "engine.h"
#include "jit/jit.h"

const struct engine *const test_engine = &engine_jit;
