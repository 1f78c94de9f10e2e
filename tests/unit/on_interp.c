/* SPDX-License-Identifier: MIT */
/* The test runs on the interpreter. */
#include "engine.h"

const struct engine *const test_engine = &engine_interpreter;
