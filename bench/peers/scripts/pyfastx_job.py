"""pyfastx: builds its index (SQLite), opens it again, or reads all sequences longest first."""
import sys
import time

import pyfastx

import common

job, path = sys.argv[1:]
begin = time.perf_counter()
fasta = pyfastx.Fasta(path)  # builds the index where there is none
if job != "read":
    common.tell(begin, len(fasta), fasta.size)
    sys.exit()
names = fasta.keys().sort(by="length", reverse=True)
begin = time.perf_counter()
total = common.Sum()
for name in names:
    total.add(fasta[name].seq)
common.tell(begin, total.records, total.residues, total.checksum)
