#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/check.py itself, with made-up results: a loss of 20 % is refused and its row named, one of
10 % passes, a disturbed measurement is repeated. The last line is "N passed, N failed, N skipped"."""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "bench"))
import check  # noqa: E402  (the path has to be set first)

# Seconds in every row. The domain's rows are measured against `integer`.
SECONDS = {row: {"native": 0.001, "interp": 0.03, "jit": 0.004} if row in check.COMPUTE else {"jit": 0.004}
           for row in check.ROWS}
counts = {"passed": 0, "failed": 0}


def expect(what, good, text=""):
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"FAIL {what}\n{text}")


def with_factor(row, factor, seconds=SECONDS):
    """The results when the JIT needs that much more time in one row."""
    copy = {r: dict(sides) for r, sides in seconds.items()}
    copy[row]["jit"] *= factor
    return copy


def run(results, machine=None):
    """(exit status, output) of the command, with a baseline that was made from SECONDS."""
    with tempfile.TemporaryDirectory() as d:
        baseline, file = pathlib.Path(d) / "baseline.json", pathlib.Path(d) / "results.json"
        ratios = {row: {"native": 0.25, "interp": 7.5} for row in check.ROWS}
        baseline.write_text(json.dumps({machine or check.this_machine(): ratios}))
        file.write_text(json.dumps(results))
        done = subprocess.run([TOP / "bench" / "check.py", "--baseline", baseline, "--results", file,
                               "--retries", "1"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def test_losses():
    for row in ("integer", "matmul", "boot", "switch"):
        # In 1 / 0.8 of the time the speed is 20 % less.
        status, text = run(with_factor(row, 1 / 0.8))
        expect(f"20 % less in {row} is refused", status == 1 and f"FAIL bench {row}:" in text
               and "lost 20 %" in text and text.count("FAIL") == 1, text)
        status, text = run(with_factor(row, 1 / 0.9))
        expect(f"10 % less in {row} passes", status == 0 and "FAIL" not in text, text)
    status, text = run(with_factor("sort", 0.5))
    expect("a gain passes", status == 0 and "+100%" in text, text)


def test_missing_row():
    """A row of the baseline that was not measured is a failure, not a pass."""
    results = {row: sides for row, sides in SECONDS.items() if row != "hash"}
    status, text = run(results)
    expect("a row without result is refused", status == 1 and "FAIL bench hash:" in text, text)


def test_other_machine():
    """There the interpreter is the measure, and the native side does not count."""
    results = with_factor("strings", 1 / 0.8)
    status, text = run(results, machine="another")
    expect("20 % less to the interpreter is refused", status == 1 and "FAIL bench strings:" in text, text)
    results = {row: dict(sides, native=0.0005) for row, sides in SECONDS.items()}
    status, text = run(results, machine="another")
    expect("natively different machines pass", status == 0, text)


def judge(rounds):
    """Rows that lost when successive rounds give these results, and how many rounds were run."""
    pending = list(rounds)

    def measure_round(rows, best):
        for row, sides in pending.pop(0).items():
            for side, seconds in sides.items():
                if row in rows:
                    best.add(row, side, seconds)
    want = {row: 0.25 for row in check.ROWS}
    with contextlib.redirect_stdout(io.StringIO()):
        lost = check.judge(check.ROWS, want, "native", measure_round, 1, len(rounds) - 1, pause=0)[1]
    return lost, len(rounds) - len(pending)


def test_retries():
    slow = with_factor("sort", 2)
    expect("a disturbed round is repeated", judge([slow, SECONDS, SECONDS]) == ([], 2))
    expect("a lasting loss stays one", judge([slow, slow, slow]) == (["sort"], 3))
    expect("a good round is not repeated", judge([SECONDS, slow]) == ([], 1))


test_losses()
test_missing_row()
test_other_machine()
test_retries()
print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
sys.exit(counts["failed"] > 0)
