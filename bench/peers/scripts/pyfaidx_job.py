"""pyfaidx: builds its index (.fai), opens it again, or reads all sequences longest first."""
import sys
import time

import pyfaidx

import common

job, path = sys.argv[1:]
begin = time.perf_counter()
fasta = pyfaidx.Fasta(path, as_raw=True)  # builds the index where there is none
if job != "read":
    common.tell(begin, len(fasta.faidx.index), sum(entry.rlen for entry in fasta.faidx.index.values()))
    sys.exit()
names = sorted(fasta.keys(), key=lambda name: -fasta.faidx.index[name].rlen)
begin = time.perf_counter()
total = common.Sum()
for name in names:
    total.add(fasta[name][:])
common.tell(begin, total.records, total.residues, total.checksum)
