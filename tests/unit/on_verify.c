/* SPDX-License-Identifier: MIT */
/* The test runs on both engines, which are compared. */
#include "engine.h"
#include "jit/verify.h"

const struct engine *const test_engine = &engine_verify;
