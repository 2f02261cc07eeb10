"""The same work in Python: PyPI `hl7` parses ORU messages, `pyx12` validates a claim file.

Usage: codecs.py FOLDER, where the benches of mt-hl7v2 and mt-x12 have written their input.
Rates are of processor time, as in those benches; the best of three rounds.
"""

import contextlib
import io
import logging
import sys
import time

import hl7
import pyx12.params
import pyx12.x12n_document


def rate(size, rounds, step):
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        for _ in range(rounds):
            step()
        best = max(best, size * rounds / 1e6 / (time.process_time() - start))
    return best


def row(what, figure):
    print(f"  {what:<40} {figure:>8.1f} MB/s")


def claims(name):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        accepted = pyx12.x12n_document.x12n_document(pyx12.params.params(), name, None, None, None)
    if not accepted:
        sys.exit(f"pyx12 refuses {name}")


folder = sys.argv[1]
logging.disable(logging.CRITICAL)
for observations, rounds in ((5, 200), (100, 20)):
    with open(f"{folder}/oru-{observations}.hl7", newline="", encoding="utf-8") as file:
        text = file.read()
    row(f"PyPI hl7, parse, {observations} observations", rate(len(text), rounds, lambda: hl7.parse(text)))
name = f"{folder}/837p.edi"
with open(name, encoding="utf-8") as file:
    size = len(file.read())
row("PyPI pyx12, validate 837P, 500 claims", rate(size, 1, lambda: claims(name)))
