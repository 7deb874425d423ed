"""The index that longfirst replaces, from its specification: FASTA files are read line by line in binary mode; the records
are sorted by length, longest first, and kept as JSON with id, length, file_path and byte_offset; the index is used
again while the modification times are the same; a rank reads the entries rank, rank + world, ... of the list."""
import json
import os
import sys
import time
from datetime import datetime

import common


def index_path(fasta):
    return fasta + ".index.json"


def build(fastas):
    sequences = []
    for path in fastas:
        name, offset, length = None, 0, 0
        with open(path, "rb") as file:
            position = 0
            for line in file:
                if line.startswith(b">"):
                    if name is not None:
                        sequences.append({"sequence_id": name, "length": length, "file_path": path, "byte_offset": offset})
                    fields = line[1:].split()
                    name, offset, length = fields[0].decode() if fields else str(position), position, 0
                else:
                    length += len(line.strip())
                position += len(line)
        if name is not None:
            sequences.append({"sequence_id": name, "length": length, "file_path": path, "byte_offset": offset})
    sequences.sort(key=lambda s: s["length"], reverse=True)
    index = {
        "version": "1.0", "created": datetime.now().isoformat(),
        "fasta_mtimes": {path: os.path.getmtime(path) for path in fastas},
        "total_sequences": len(sequences), "total_tokens": sum(s["length"] for s in sequences), "sequences": sequences,
    }
    with open(index_path(fastas[0]), "w") as file:
        json.dump(index, file)
    return index


def load(fastas):
    try:
        with open(index_path(fastas[0])) as file:
            index = json.load(file)
    except FileNotFoundError:
        return build(fastas)
    if index["fasta_mtimes"] != {path: os.path.getmtime(path) for path in fastas}:
        return build(fastas)
    return index


def share(index, rank, world):
    return [index["sequences"][i] for i in range(rank, index["total_sequences"], world)]


def read(entries):
    files = {}
    for entry in entries:
        path = entry["file_path"]
        if path not in files:
            files[path] = open(path, "rb")
        file = files[path]
        file.seek(entry["byte_offset"])
        file.readline()
        lines = []
        for line in file:
            if line.startswith(b">"):
                break
            lines.append(line.strip())
        yield b"".join(lines)


def main():
    job, fasta = sys.argv[1:]
    begin = time.perf_counter()
    if job == "index":
        index = build([fasta])
        common.tell(begin, index["total_sequences"], index["total_tokens"])
    elif job == "reuse":
        index = load([fasta])
        common.tell(begin, index["total_sequences"], index["total_tokens"])
    elif job == "read":
        index = load([fasta])
        begin = time.perf_counter()
        total = common.Sum()
        for sequence in read(share(index, 0, 1)):
            total.add(sequence)
        common.tell(begin, total.records, total.residues, total.checksum)


main()
