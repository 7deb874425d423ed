"""Runs the Python and SQL blocks of a Markdown page, each in a namespace of its own.

    python snippets.py PAGE

The folder it is run in has what the blocks read. The first block that fails ends it, with its place in the page. A block that
imports torch is passed over, aloud, where torch is not installed.
"""

import importlib.util
import re
import sys

import duckdb


def main(page):
    with open(page, encoding="utf-8") as f:
        text = f.read()
    blocks = [(m[1], m[2], text.count("\n", 0, m.start(2))) for m in re.finditer(r"^```(python|sql)\n(.*?)^```$", text, re.M | re.S)]
    assert len(blocks) > 5, len(blocks)
    for language, code, line in blocks:
        place = f"{page}:{line + 1}"
        if language == "sql":
            rows = duckdb.sql(code).fetchall()
            assert rows, place
            print(place, "sql:", len(rows), "rows")
        elif "import torch" in code and importlib.util.find_spec("torch") is None:
            print(f"NOT RUN: torch is not installed, {place}")
        else:
            exec(compile("\n" * line + code, page, "exec"), {"__name__": "snippet"})


if __name__ == "__main__":
    main(*sys.argv[1:])
