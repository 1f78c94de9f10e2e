# SPDX-License-Identifier: MIT
"""Breaks one row's exec function, and no other's.

Works on preprocessed source, where the functions that macros make are as good as any. What the
function calls in its file or in headers of src/cpu is part of it: the broken copy of a callee gets
a name of its own and only this row calls it.
"""
import re

TOKEN = re.compile(r"""[A-Za-z_]\w*|0[xX][\da-fA-F]+\w*|\d[\w.]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'
                   |<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/&|^]=|\s+|.""", re.X | re.S)

OPERATORS = {"+": "-", "-": "+", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", "<": "<=",
             ">": ">=", "<=": "<", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
             "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "*": "+"}
SIGNS = {"int%d_t" % n: "uint%d_t" % n for n in (8, 16, 32, 64)}
FIELDS = {"r2": "r3", "r3": "r2", "p1": "p2", "p2": "p1", "r4": "r3"}


class Function:
    def __init__(self, name, head, body, origin):
        self.name, self.head, self.body, self.origin = name, head, body, origin


def functions(text):
    """By name; head is what precedes the body, body a list of tokens with its braces."""
    found, origin, tokens = {}, "", []
    for line in text.split("\n"):
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            origin = marker[1]
        else:
            tokens += [(t, origin) for t in TOKEN.findall(line + "\n")]
    depth, start, at = 0, 0, 0
    while at < len(tokens):
        word = tokens[at][0]
        if word == "{" and not depth:
            end = closing(tokens, at, "{", "}")
            head = "".join(t for t, _ in tokens[start:at])
            name = re.match(r"(?s)[^(]*?\b(\w+)\s*\((?!\()[^{}]*\)\s*$",
                            re.sub(r"__attribute__\s*\(\(.*?\)\)\s*", "", head))
            if name and "typedef" not in head:
                body = [t for t, _ in tokens[at:end + 1]]
                found[name[1]] = Function(name[1], head.strip(), body, tokens[at][1])
                start = end + 1
            at = end
        elif word in ("(", "["):
            depth += 1
        elif word in (")", "]"):
            depth -= 1
        elif word == ";" and not depth:
            start = at + 1
        at += 1
    return found


def closing(tokens, at, left, right):
    depth = 0
    for n in range(at, len(tokens)):
        word = tokens[n] if isinstance(tokens[n], str) else tokens[n][0]
        depth += (word == left) - (word == right)
        if not depth:
            return n
    raise ValueError("no " + right)


def neighbour(body, at, step):
    at += step
    while 0 <= at < len(body) and body[at].isspace():
        at += step
    return body[at] if 0 <= at < len(body) else ""


def is_binary(body, at):
    before = neighbour(body, at, -1)
    if body[at] == "*" and not body[at + 1].isspace():
        return False  # a pointer's
    return before not in ("return", "case") and re.fullmatch(r"[\w.]+|\)|\]", before)


def is_noise(body, at):
    """A number in what likely(), NULL, do { } while (0) and true become (true stands alone in its
    line), or in a type."""
    if body[at] == "1" and "\n" in "".join(body[at - 2:at]) and "\n" in body[at + 1]:
        return True
    before = "".join(body[max(0, at - 12):at]).replace(" ", "")
    return before.endswith(("while(", "(void*)")) or "__typeof__(" in before or (
        body[at:at + 2] in (["0", ")"], ["1", ")"]) and before.endswith("),") and "__builtin" in "".join(body[:at])
        and neighbour(body, at + 1, 1) in (")", "&&", "||", ";"))


def replaced(body, at, word, count=1):
    return body[:at] + [word] + body[at + count:]


def sites(body):
    """(kind, description, body) of every way to break a function here."""
    for at, t in enumerate(body):
        context = "".join(body[max(0, at - 8):at + 9]).replace("\n", " ").strip()

        def site(kind, word, count=1):
            was = "".join(body[at:at + count])
            return (kind, "'%s' -> '%s' in '%s'" % (was, word, context),
                    replaced(body, at, word, count))
        if t in OPERATORS and is_binary(body, at):
            if t == "|" and nat_operand(body, at):
                yield from nat_dropped(body, at, context)
            else:
                yield site("operator", OPERATORS[t])
        elif t in SIGNS:
            yield site("sign", SIGNS[t])
        elif re.fullmatch(r"\d+[uU]?|0[xX][\da-fA-F]+[uU]?", t) and not is_noise(body, at):
            yield site("number", "(%s + 1)" % t)
        elif t in FIELDS and body[max(0, at - 2):at] == ["i", "->"]:
            yield site("field", FIELDS[t])
        elif t in ("pos", "len") and body[max(0, at - 2):at] == ["i", "->"]:
            yield site("shift", t + " + 1")
        elif t == "if":
            paren = at + body[at:].index("(")
            end = closing(body, paren, "(", ")")
            yield ("condition", "if %s negated" % "".join(body[paren:end + 1]),
                   body[:paren] + ["(!"] + body[paren:end + 1] + [")"] + body[end + 1:])
        elif t in (";", "{", "}"):
            yield from statement_dropped(body, at)


def nat_operand(body, at):
    """Is the | at this place an OR of NaT bits?"""
    return re.search(r"\bnat$|gr_nat\s*\([^()]*\)$", "".join(body[max(0, at - 12):at]).strip())


def nat_dropped(body, at, context):
    """The right operand, up to the end of the expression, does not count."""
    depth = 0
    for n in range(at + 1, len(body)):
        if body[n] in "([":
            depth += 1
        elif body[n] in ")]" and depth:
            depth -= 1
        elif not depth and body[n] in (")", "]", ",", ";"):
            yield ("nat", "NaT '%s' dropped" % "".join(body[at:n]).strip(), body[:at] + body[n:])
            return


def statement_dropped(body, at):
    """A call or an assignment after this ; or brace."""
    n = at + 1
    while n < len(body) and body[n].isspace():
        n += 1
    if n + 1 >= len(body) or not re.fullmatch(r"[A-Za-z_]\w*", body[n]) or body[n] in (
            "return", "if", "for", "while", "switch", "case", "default", "break", "goto", "struct",
            "unsigned", "int", "static", "const", "union", "enum", "bool", "else", "do"):
        return
    if re.fullmatch(r"[A-Za-z_]\w*", neighbour(body, n, 1)):
        return  # a declaration
    end = n
    while body[end] not in (";", "{", "}"):
        end += 1
    if body[end] == ";":
        text = "".join(body[n:end]).replace("\n", " ")
        yield ("statement", "'%s;' dropped" % text, body[:n] + body[end:])


def reachable(all_functions, name, depth):
    """Paths from a function to those it calls, itself first."""
    paths, seen = [[name]], {name}
    for path in paths:
        if len(path) > depth:
            continue
        for word in all_functions[path[-1]].body:
            f = all_functions.get(word)
            if f and word not in seen and not word.startswith("exec_") and own(f):
                seen.add(word)
                paths.append(path + [word])
    return paths


def own(function):
    return "src/cpu/" in function.origin and not function.origin.endswith("cpu/cpu.h")


def ways(text, row, depth):
    """(kind, description, whole new text) of every way to break a row."""
    found = functions(text)
    if "exec_" + row not in found:
        return
    for path in reachable(found, "exec_" + row, depth):
        for kind, what, body in sites(found[path[-1]].body):
            where = "" if len(path) == 1 else " of " + path[-1]
            yield kind, what + where, lambda p=path, b=body: apply(text, found, p, b)


def apply(text, found, path, body):
    """The last function of the path gets a new body; callers on the path call the copies."""
    plain = "\n".join("" if re.match(r"#pragma", x) else x for x in text.split("\n"))
    copies = []
    for n in range(len(path) - 1, 0, -1):
        f = found[path[n]]
        if n < len(path) - 1:
            body = [w + "_m" if w == path[n + 1] else w for w in f.body]
        head = re.sub(r"\b%s\b" % f.name, f.name + "_m", f.head)
        head = head if re.search(r"\bstatic\b", head) else "static " + head
        copies.append("%s\n%s\n" % (head, "".join(body)))
    f = found[path[0]]
    if copies:
        body = [w + "_m" if w == path[1] else w for w in f.body]
    name = re.compile(r"enum\s+exec\s+%s\s*\(struct cpu \*cpu, const struct insn \*i\)\s*\{" % f.name)
    m = name.search(plain)
    end = m.end() - 1
    depth = 0
    for at in range(end, len(plain)):
        depth += (plain[at] == "{") - (plain[at] == "}")
        if not depth:
            break
    whole = "".join(copies) + m[0][:-1] + "".join(body)
    return plain[:m.start()] + "\n" + whole + plain[at + 1:]
