#!/usr/bin/env python3
"""Records what Python 3.11's own http.server does, for the tests to compare us with.

    record.py            writes the golden files beside this program
    record.py --check    compares with them; exit status 1 and a diff when they differ

members.txt         the classes and their members
exchanges.golden    requests, answers and log lines of BaseHTTPRequestHandler
files.golden        of SimpleHTTPRequestHandler, with a small tree of files
tables.golden       dates, phrases, types, paths, persistence
What differs here on purpose stands in exchanges.ours, files.ours and tables.ours, written by hand.
"""

import difflib
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True  # leave the sources as they are

import exchanges  # noqa: E402
import files  # noqa: E402
import members  # noqa: E402
import tables  # noqa: E402

RECORDINGS = {
    "members.txt": members.record,
    "exchanges.golden": exchanges.record,
    "files.golden": files.record,
    "tables.golden": tables.record,
}


def differences(name, recorded, committed):
    old, new = committed.splitlines(True), recorded.splitlines(True)
    return difflib.unified_diff(old, new, f"committed {name}", f"recorded {name}")


def main():
    if sys.version_info[:2] != (3, 11):
        sys.exit("record.py needs Python 3.11, this is " + sys.version.split()[0])
    os.environ["TZ"] = "UTC"
    time.tzset()
    directory = pathlib.Path(__file__).parent
    same = True
    for name, record in RECORDINGS.items():
        file = directory / name
        if "--check" not in sys.argv:
            file.write_text(record())
            continue
        difference = list(differences(name, record(), file.read_text()))
        sys.stdout.writelines(difference)
        same = same and not difference
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
