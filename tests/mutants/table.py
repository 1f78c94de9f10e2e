# SPDX-License-Identifier: MIT
"""Breaks one row of src/isa/ops.def.

What a row inherits from its format is broken for that row only: the format is written out again,
broken, above the row, and once more, whole, below it.
"""
import re


def split_arguments(text):
    """The arguments of a macro call, whitespace trimmed; commas in parentheses and strings stay."""
    out, depth, quoted, start = [], 0, False, 0
    for at, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif c in "()":
            depth += 1 if c == "(" else -1
        elif c == "," and not depth:
            out.append(text[start:at].strip())
            start = at + 1
    return out + [text[start:].strip()]


class Format:
    def __init__(self, arguments):
        self.name, self.units, self.fixed, self.operands, self.attributes = arguments

    def line(self, name=None, **changes):
        a = dict(vars(self), **changes)
        return "FORMAT(%s, %s, %s, %s, %s)" % (
            name or self.name, a["units"], a["fixed"], a["operands"], a["attributes"])


class Row:
    def __init__(self, arguments, form):
        self.id, _, self.fixed, self.completers, self.spelling, self.attributes = arguments
        self.format = form

    def line(self, form, **changes):
        a = dict(vars(self), **changes)
        return "OP(%s, %s, %s, %s, %s, %s)" % (
            self.id, form, a["fixed"], a["completers"], self.spelling, a["attributes"])


class Table:
    """ops.def and formats.def. self.rows: by id, in order."""

    def __init__(self, ops, formats):
        self.ops, self.formats = ops, formats
        self.rows, self.at, forms = {}, {}, {}
        for m in re.finditer(r"^(FORMAT|OP)\((.*)\)$", ops, re.M):
            if m[2] == "...":
                continue
            if m[1] == "FORMAT":
                form = Format(split_arguments(m[2]))
                forms[form.name] = form
            else:
                row = Row(split_arguments(m[2]), form)
                self.rows[row.id] = row
                self.at[row.id] = m.span()
        self.fields = {m[1]: m[2] for m in re.finditer(
            r"^FIELD\((\w+), (.*?)\)(?:\s|$)", formats, re.M)}
        self.operands = {m[2]: (m[1], split_arguments(m[3])) for m in re.finditer(
            r"^(OPERAND|COMPLETER)\((\w+), (.*?)\)(?: /\*.*)?$", re.sub(r",\n\t", ", ", formats),
            re.M)}

    def width(self, field):
        high, low = [int(re.sub(r"L\((\d+)\)", r"\1", x)) for x in self.fields[field].split(", ")]
        return high - low + 1

    def render(self, row, form={}, own={}, definitions=""):
        """Texts of both files with one row changed; form: changes of its format, own: of itself."""
        start, end = self.at[row.id]
        head, tail = self.ops[:start], self.ops[end:]
        f = row.format
        middle = "%s\n%s\n%s" % (f.line(f.name + "_m", **form), row.line(f.name + "_m", **own),
                                 f.line(f.name + "_z"))
        same = r"^OP\((\w+), +%s," % f.name
        tail = re.sub(same, r"OP(\1, %s_z," % f.name, tail, flags=re.M)
        first = self.formats.index("\n/* --- operands --- */")
        return head + middle + tail, self.formats[:first] + "\n" + definitions + self.formats[first:]


# --- the ways to break a row: each yields (description, arguments of render) -------------------

def changed(row, name, text):
    """Arguments of render for an attribute's new text, in the row or its format."""
    return {"own": {name: text}} if name == "completers" else {"form": {name: text}}


def fixed_fields(table, row):
    """A value of an opcode field changed, or the field ignored."""
    for where, text in (("own", row.fixed), ("form", row.format.fixed)):
        for m in re.finditer(r"F\((\w+), (\w+)\)", text):
            value = int(m[2], 0)
            for bit in range(table.width(m[1])):
                new = "F(%s, %#x)" % (m[1], value ^ 1 << bit)
                yield ("%s -> %s" % (m[0], new),
                       {where: {"fixed": text.replace(m[0], new)}})
            yield "%s ignored" % m[0], {where: {"fixed": text.replace(m[0], "")}}


def definition(table, name, new, arguments):
    kind, _ = table.operands[name]
    return "%s(%s, %s)\n" % (kind, new, ", ".join(arguments))


def swapped_operands(table, row):
    """Two registers of the same kind read from each other's field."""
    names = re.findall(r"C\((\w+)\)", row.format.operands)
    for a in names:
        for b in names:
            left, right = table.operands[a][1], table.operands[b][1]
            if a < b and left[1:3] == right[1:3] == ["UNSIGNED", "0"]:
                define = definition(table, a, "M_A", left[:3] + right[3:])
                define += definition(table, b, "M_B", right[:3] + left[3:])
                text = row.format.operands.replace("C(%s)" % a, "C(M_A)")
                text = text.replace("C(%s)" % b, "C(M_B)")
                yield ("%s and %s swapped" % (a, b),
                       {"form": {"operands": text}, "definitions": define})


def changed_operands(table, row):
    """An operand or completer made in another way from the same fields."""
    for where, text in (("own", row.completers), ("form", row.format.operands)):
        for name in re.findall(r"C\((\w+)\)", text):
            member, how, arg, parts = table.operands[name][1][:4]
            rest = table.operands[name][1][4:]
            new = []
            if how == "SIGNED":
                new.append(("unsigned", [member, "UNSIGNED", arg, parts]))
            if how in ("OFFSET", "DOWN"):
                new.append(("off by one", [member, how, str(int(arg) + 1), parts]))
            pieces = re.findall(r"P\(\w+\)", parts)
            if len(pieces) > 1:
                other = " ".join([pieces[1], pieces[0]] + pieces[2:])
                new.append(("fields in another order", [member, how, arg, other]))
            if where == "own":
                new.append(("at another bit of comp", [str(int(member) + 1), how, arg, parts]))
            for what, arguments in new:
                define = definition(table, name, "M_A", arguments + rest)
                changes = {"completers" if where == "own" else "operands":
                           text.replace("C(%s)" % name, "C(M_A)")}
                spelled = {} if where == "form" else {"own": dict(
                    changes, spelling=row.spelling.replace("{%s}" % name, "{M_A}"))}
                yield ("%s %s" % (name, what),
                       dict({where: changes}, definitions=define, **spelled))


def attribute(table, row, wanted):
    for where, text in (("own", row.attributes), ("form", row.format.attributes)):
        names = [n.strip() for n in text.split("|")]
        for name in names:
            if re.fullmatch(wanted, name):
                rest = " | ".join(n for n in names if n != name) or "0"
                yield "%s removed" % name, {where: {"attributes": rest}}


def legality(table, row):
    return attribute(table, row, r"R_\w+")


def always(table, row):
    return attribute(table, row, r"OP_ALWAYS|OP_UNC|OP_NO_QP")


def skipped(table, row):
    """The instruction cache leaves out rows with OP_NOP."""
    if "OP_NOP" not in row.attributes + row.format.attributes:
        yield "OP_NOP added", {"own": {"attributes": row.attributes + " | OP_NOP"}}


KINDS = {"field": fixed_fields, "swap": swapped_operands, "operand": changed_operands,
         "legality": legality, "always": always, "skip": skipped}
