"""The text format of the golden files, read by golden.hpp too.

    [name]
    key value          any number of lines; what the keys mean is the business of each file

Bytes are printable ASCII, with \\r \\n \\t \\\\ and \\xHH for all else; {text*count} is repeated
text.
"""

import re

NAMES = {0x0D: r"\r", 0x0A: r"\n", 0x09: r"\t", 0x5C: r"\\"}


def escaped(data):
    if isinstance(data, str):
        try:
            data = data.encode("utf-8", "surrogateescape")  # as in names of files
        except UnicodeEncodeError:
            data = data.encode("utf-8", "surrogatepass")
    return "".join(
        NAMES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data
    )


def shortened(text):
    """Runs of a hundred and more equal characters as {c*count}."""
    return re.sub(r"(.)\1{99,}", lambda m: f"{{{m[1]}*{len(m[0])}}}", text)


def unescaped(text):
    text = re.sub(r"\{(.*?)\*(\d+)\}", lambda m: m[1] * int(m[2]), text)
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def lines_of(mark, data):
    """One line of the golden file for each line of the wire."""
    pieces = data.split(b"\n")
    whole = [piece + b"\n" for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]
    return [f"{mark} {escaped(piece)}" for piece in whole]


def block(name, lines):
    return "\n".join([f"[{name}]", *lines]) + "\n"
