#!/usr/bin/env python3
"""mark_exports.py [--write]: what the shared library exports is marked BASEHTTP_API in the headers
that handlers/basehttp.hpp lists, and in those that their templates and inline functions need: each
free function, and each class that has a member defined elsewhere, a virtual function or a base.
Prints what is not marked; with --write marks it (format the header afterwards)."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
write = sys.argv[1:] == ["--write"]
unmarked = False


# ThreadingMixIn, ForkingMixIn, the end of an EventLoop.
ALSO_NEEDED = ["server/worker_pool.hpp", "server/forking/children.hpp",
               "server/forking/parent_only.hpp"]


def exported():
    listed = re.findall(r'#include "([^"]+)"', (root / "handlers/basehttp.hpp").read_text())
    return sorted({*listed, *ALSO_NEEDED})


def blank(text):
    """The same length, without comments, strings, characters and preprocessor lines."""
    pattern = (r"//[^\n]*|/\*.*?\*/"  # comments
               r'|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"'  # strings
               r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])'"  # characters, not 1'000
               r"|^#(?:[^\n]*\\\n)*[^\n]*")
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S | re.M)


def matching(code, start):
    depth = 0
    for i in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[i], 0)
        if depth == 0:
            return i
    raise ValueError("unbalanced braces")


def statements(code, start, end):
    """(begin, head_end, body) of each declaration; body is (open, close) or None."""
    i = start
    while i < end:
        if code[i].isspace() or code[i] == ";":
            i += 1
            continue
        begin, parens = i, 0
        while i < end:
            c = code[i]
            parens += {"(": 1, ")": -1}.get(c, 0)
            if c == ";" and parens == 0:
                yield begin, i, None
                break
            if c == "{" and parens == 0:
                close = matching(code, i)
                yield begin, i, (i, close)
                i = close
                break
            i += 1
        i += 1


def is_defined_elsewhere(member):
    """A member function without a body, or a static member."""
    if re.match(r"using|friend|enum|class |struct |typedef", member):
        return False
    if re.match(r"static\s+const\b", member):
        return "(" in member or "constexpr" not in member
    if re.search(r"=\s*(default|delete)\s*$", member) or "function<" in member.split("(")[0]:
        return False
    return re.search(r"\w\s*\([^*]*\)\s*(const|noexcept|override|&|\s)*$", member.split("=")[0])


def needs_export(code, head, body):
    if re.search(r"[^:]:[^:]", head) or re.search(r"\bvirtual\b", code[body[0] : body[1]]):
        return True
    for begin, end, member_body in statements(code, body[0] + 1, body[1]):
        member = re.sub(r"^(\s*(public|private|protected)\s*:\s*)+", "", code[begin:end])
        if member_body is None and is_defined_elsewhere(member):
            return True
    return False


def in_namespace(code, open_):
    for begin, end, body in statements(code, open_ + 1, matching(code, open_)):
        text = code[begin:end]
        if text.startswith("namespace"):
            yield from in_namespace(code, body[0])
        if "BASEHTTP_API" in text or re.match(
                r"template|using|enum|namespace|static_assert|constexpr|inline|static", text):
            continue
        kind = re.match(r"(class|struct)\s+(?=\w)", text)
        if kind and body:
            if needs_export(code, text, body):
                yield begin + kind.end()
        elif kind and "(" not in text:
            continue  # declared only
        elif body is None and ("(" in text or text.startswith("extern")):
            yield begin + re.match(r"(\[\[\w+\]\]\s*|extern\s+)*", text).end()


def insertions(code):
    return [place for space in re.finditer(r"^namespace\s+basehttp\s*\{", code, re.M)
            for place in in_namespace(code, space.end() - 1)]


def mark(text, places):
    for place in sorted(places, reverse=True):
        text = text[:place] + "BASEHTTP_API " + text[place:]
    if '"server/api.hpp"' in text:
        return text
    if re.search(r'^#include "', text, re.M):
        return re.sub(r'^#include "', '#include "server/api.hpp"\n\g<0>', text, count=1, flags=re.M)
    last = list(re.finditer(r"^#(include <|pragma once)[^\n]*\n", text, re.M))[-1].end()
    return text[:last] + '\n#include "server/api.hpp"\n' + text[last:]


for name in exported():
    text = (root / name).read_text()
    places = insertions(blank(text))
    if places and write:
        (root / name).write_text(mark(text, places))
    elif places:
        unmarked = True
        for place in places:
            print(f"{name}:{text.count(chr(10), 0, place) + 1}: {text[place:].splitlines()[0]}")
if unmarked:
    sys.exit("These need BASEHTTP_API: tests/consumer/mark_exports.py --write gives it to them")
