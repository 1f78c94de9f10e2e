# SPDX-License-Identifier: MIT
"""Breaks one function of the translator: what emits, generates, rotates.

Works on preprocessed source as body.py does. Functions are drawn, not lines, so that a long one
counts no more than a short one; named-jit.txt names what must be tried in any case.
"""
import os
import re

import body

DRAWN = r"(emit_(?!table)\w+|gen\w*|rotate|fast_fp|pass_\w+)\.c"
SOURCES = r"\w+\.c"

CONDITIONS = {"CC_E": "CC_NE", "CC_NE": "CC_E", "CC_L": "CC_B", "CC_B": "CC_BE", "CC_AE": "CC_A",
              "CC_A": "CC_AE", "CC_G": "CC_GE", "CC_GE": "CC_G", "CC_LE": "CC_L", "CC_BE": "CC_B",
              "CC_S": "CC_NS"}
OPERATIONS = {"IR_ZEXT": "IR_SEXT", "IR_SEXT": "IR_ZEXT", "IR_SHR": "IR_SAR", "IR_SAR": "IR_SHR",
              "IR_SHRV": "IR_SARV", "IR_SARV": "IR_SHRV", "IR_ADD": "IR_SUB", "IR_SUB": "IR_ADD",
              "IR_AND": "IR_OR", "IR_OR": "IR_AND", "IR_XOR": "IR_OR", "ALU_ADD": "ALU_SUB",
              "ALU_SUB": "ALU_ADD", "ALU_AND": "ALU_OR", "ALU_OR": "ALU_AND",
              "SHIFT_SHL": "SHIFT_SHR", "SHIFT_SHR": "SHIFT_SAR", "SHIFT_SAR": "SHIFT_SHR",
              "CMP_AND": "CMP_OR", "CMP_OR": "CMP_AND", "CMP_UNC": "CMP_NORMAL"}
# IR_NONE, and widths that no instruction has.
DULL = re.compile(r"'0xff'|'\d' -> '\(\d \+ 1\)' in '.*\bx_\w+\([^()]*, \d, |'\d' -> .*, \d, (R|m)")
REGISTERS = {"RAX": "RCX", "RCX": "RAX", "RDX": "RAX", "RSI": "RDI", "RDI": "RSI"}


def sites(text):
    """(kind, description, body) of every way to break the translator here."""
    for at, t in enumerate(text):
        context = re.sub(r"\s+", " ", "".join(text[max(0, at - 8):at + 9])).strip()
        for kind, table in (("condition code", CONDITIONS), ("operation", OPERATIONS),
                            ("register", REGISTERS)):
            if t in table:
                yield (kind, "'%s' -> '%s' in '%s'" % (t, table[t], context),
                       body.replaced(text, at, table[t]))
        if t == "8" and re.search(r"\bx_\w+\([^()]*, $", "".join(text[max(0, at - 12):at])):
            yield "width", "'8' -> '4' in '%s'" % context, body.replaced(text, at, "4")
    for kind, what, new in body.sites(text):
        what = re.sub(r"\s+", " ", what)
        if kind not in ("sign", "nat") and not DULL.match(what):
            yield kind, what, new


def with_body(text, name, new):
    """The whole text with one function's body replaced."""
    plain = "\n".join("" if re.match(r"#", x) else x for x in text.split("\n"))
    m = re.search(r"\w[\s*]+%s\([^;{}]*\)\s*\{" % name, plain)
    depth = 0
    for at in range(m.end() - 1, len(plain)):
        depth += (plain[at] == "{") - (plain[at] == "}")
        if not depth:
            return plain[:m.end() - 1] + "".join(new) + plain[at + 1:]
    raise ValueError(name)


class Source:
    """Functions of the translator by file, and their mutants."""

    def __init__(self, tree, mutant, read_list):
        self.mutant, self.read_list = mutant, read_list
        self.text, self.functions = {}, {}
        for name in sorted(os.listdir(os.path.join(tree.root, "src/jit"))):
            if re.fullmatch(SOURCES, name):
                path = "src/jit/" + name
                self.text[path] = tree.preprocess(path)
                self.functions[path] = {f.name: f for f in body.functions(self.text[path]).values()
                                        if f.origin == path}
        self.equivalent = list(read_list("equivalent-jit.txt"))

    def known(self, function, what):
        return any(re.fullmatch(e[0], function) and re.search(e[1], what) for e in self.equivalent)

    def all(self, path, name):
        for kind, what, new in sites(self.functions[path][name].body):
            if not self.known(name, what):
                make = (lambda p=path, n=name, b=new: {p: with_body(self.text[p], n, b)})
                yield self.mutant(name, os.path.basename(path), kind, what, make,
                                  [path[:-1] + "o"], "jit")

    def draw(self, rng):
        """Endless: functions in random order, kinds with equal chances."""
        names = [(path, name) for path in self.functions for name in self.functions[path]
                 if re.fullmatch(DRAWN, os.path.basename(path))]
        while True:
            rng.shuffle(names)
            for path, name in names:
                choice = list(self.all(path, name))
                if choice:
                    kind = rng.choice(sorted({m.kind for m in choice}))
                    yield rng.choice([m for m in choice if m.kind == kind])

    def named(self):
        """FUNCTION  REGEX of named-jit.txt: the first mutant whose description it is in."""
        for what, function, pattern in self.read_list("named-jit.txt"):
            found = [m for path in self.functions if function in self.functions[path]
                     for m in self.all(path, function) if re.search(pattern, m.what)]
            if not found:
                raise SystemExit("named-jit.txt: no mutant for %s: %s %s" % (what, function, pattern))
            yield found[0]
