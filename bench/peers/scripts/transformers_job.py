"""transformers: mean over residues of EsmModel's last hidden state, as its users write it.

Orders: input (batches of 8 in the order of the file), sorted (batches of 8 of like length), single (one by one)."""
import sys
import time

import torch
import transformers

import common

BATCH = 8


def batches(sequences, order):
    places = list(range(len(sequences)))
    if order == "sorted":
        places.sort(key=lambda i: -len(sequences[i]))
    n = 1 if order == "single" else BATCH
    return [places[i:i + n] for i in range(0, len(places), n)]


def main():
    transformers.utils.logging.set_verbosity_error()
    opt = common.options("model", "rows", "order", "threads", "cut")
    torch.set_num_threads(opt.threads)
    tokenizer = transformers.EsmTokenizer.from_pretrained(opt.model)
    model = transformers.EsmModel.from_pretrained(opt.model, add_pooling_layer=False).eval()
    sequences = common.read_fasta(opt.fasta)
    rows = [None] * len(sequences)
    residues = 0
    begin = time.perf_counter()
    with torch.inference_mode():
        for places in batches(sequences, opt.order):
            tokens = tokenizer([sequences[i][:opt.cut] for i in places], return_tensors="pt", padding=True)
            hidden = model(**tokens).last_hidden_state
            for row, i in enumerate(places):
                n = min(len(sequences[i]), opt.cut)
                rows[i] = hidden[row, 1:n + 1].mean(0).numpy()
                residues += n
    common.tell_rows(time.perf_counter() - begin, rows, residues, opt.rows)


if __name__ == "__main__":
    sys.exit(main())
