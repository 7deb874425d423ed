"""What the scripts of peers share: options, FASTA, and the one line by which a script tells its result."""
import argparse
import json
import sys
import time
import zlib


def options(*names):
    """Parse the command line: FASTA, then --NAME VALUE for each name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fasta")
    for name in names:
        parser.add_argument("--" + name, required=True, type=int if name in ("threads", "cut") else str)
    return parser.parse_args()


def read_fasta(path):
    """Return the sequences of a file, in its order."""
    sequences, lines = [], None
    with open(path) as file:
        for line in file:
            if line.startswith(">"):
                if lines is not None:
                    sequences.append("".join(lines))
                lines = []
            else:
                lines.append(line.strip())
    if lines is not None:
        sequences.append("".join(lines))
    return sequences


class Sum:
    """Residues and checksum of sequences that must come longest first."""

    def __init__(self):
        self.records = self.residues = self.checksum = 0
        self.last = None

    def add(self, sequence):
        if isinstance(sequence, str):
            sequence = sequence.encode()
        n = len(sequence)
        if self.last is not None and n > self.last:
            sys.exit(f"a record of {n} residues after one of {self.last}")
        self.last = n
        self.records += 1
        self.residues += n
        self.checksum = (self.checksum + zlib.crc32(sequence)) & 0xFFFFFFFFFFFFFFFF


def tell(begin, records, residues, checksum=0):
    """Print the result of work that began at begin, a time.perf_counter()."""
    print(json.dumps({"seconds": time.perf_counter() - begin, "records": records, "residues": residues, "checksum": checksum}))


def tell_rows(seconds, rows, residues, path):
    """Write rows [records, H], in the order of the file, as raw float32, and print the result."""
    import numpy

    numpy.stack(rows).astype("<f4").tofile(path)
    print(json.dumps({"seconds": seconds, "records": len(rows), "residues": residues, "checksum": 0}))
