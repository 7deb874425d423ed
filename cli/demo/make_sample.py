"""Write sample.fa: sequences drawn at random with the amino acid frequencies of proteins, and every oddity a FASTA file
may have. The file is ours and describes no organism."""

import pathlib
import random
import sys

FREQUENCIES = dict(A=8.3, R=5.5, N=4.1, D=5.5, C=1.4, Q=3.9, E=6.8, G=7.1, H=2.3, I=5.9, L=9.7, K=5.8, M=2.4, F=3.9,
                   P=4.7, S=6.6, T=5.3, W=1.1, Y=2.9, V=6.9)


def main():
    rng = random.Random(2026)

    def protein(n):
        return "M" + "".join(rng.choices(list(FREQUENCIES), FREQUENCIES.values(), k=n - 1))

    def wrap(sequence, width=60, end="\n"):
        return "".join(sequence[i:i + width] + end for i in range(0, len(sequence), width))

    out = []
    for i in range(36):
        n = max(20, min(420, int(rng.lognormvariate(4.9, 0.5))))
        out.append(f">sample{i:02d} random protein of {n} residues\n" + wrap(protein(n)))
    s = protein(90)
    out.insert(3, f">lower_case soft-masked in the middle\n" + wrap(s[:30] + s[30:60].lower() + s[60:]))
    out.insert(7, ">stop ends with a stop\n" + wrap(protein(75) + "*"))
    out.insert(9, ">selenocysteine holds U\n" + wrap(protein(40) + "U" + protein(40)))
    out.insert(12, ">ambiguous holds J, which the model has no token for\n" + wrap(protein(30) + "J" + protein(30)))
    out.insert(15, ">long 1500 residues, more than the default --max-length\n" + wrap(protein(1500)))
    out.insert(18, ">empty a record without residues\n")
    out.insert(21, ">sample05 the id of an earlier record\n" + wrap(protein(88)))
    out.insert(24, ">crlf lines end as on Windows\r\n" + wrap(protein(100), end="\r\n"))
    out.insert(27, ">gaps from an alignment\n" + wrap(protein(30) + "---" + protein(30) + "..."))
    text = "".join(out).encode()
    if "--check" in sys.argv:
        sys.exit(pathlib.Path("sample.fa").read_bytes() != text and "sample.fa is not what make_sample.py writes")
    pathlib.Path("sample.fa").write_bytes(text)


main()
