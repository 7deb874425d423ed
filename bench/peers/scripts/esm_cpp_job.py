"""esm-cpp, float32: one sequence at a time, by the only call that gives hidden states.

It reads the Hugging Face checkpoints of ESM-2 as published, with a language-model head: a model without one gets one of
zeros, which no hidden state sees."""
import json
import os
import struct
import time

import esm_cpp
import numpy

import common


def as_published(folder, path):
    """Write the weights of a folder under the names of the published checkpoints."""
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {"esm." + name.removeprefix("esm."): value for name, value in header.items()}

    def add(name, array):
        raw = array.astype("<f4").tobytes()
        tensors[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data.extend(raw)

    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    for name, shape in (("dense.weight", (hidden, hidden)), ("dense.bias", (hidden,)), ("layer_norm.weight", (hidden,)),
                        ("layer_norm.bias", (hidden,)), ("bias", (config["vocab_size"],))):
        add("lm_head." + name, numpy.zeros(shape))
    frequencies = 10000.0 ** (-numpy.arange(0, hidden // heads, 2) / (hidden // heads))
    for layer in range(config["num_hidden_layers"]):
        add(f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq", frequencies)
    packed = json.dumps(tensors).encode()
    packed += b" " * (-len(packed) % 8)
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(packed)) + packed + data)
    os.rename(path + ".part", path)


def main():
    opt = common.options("model", "rows", "cache", "threads", "cut")
    path = os.path.join(opt.cache, "model.safetensors")
    if not os.path.exists(path):
        as_published(opt.model, path)
    os.environ["ESM_NUM_THREADS"] = str(opt.threads)
    model = esm_cpp.Model.load_from_safetensors(path)
    tokenizer = esm_cpp.Tokenizer()
    sequences = common.read_fasta(opt.fasta)
    rows, residues = [], 0
    begin = time.perf_counter()
    for sequence in sequences:
        sequence = sequence[:opt.cut]
        ids = numpy.array(tokenizer.encode(sequence, True, False), dtype=numpy.int32)
        _, hidden = model.forward_with_hidden_states(ids)
        rows.append(hidden[-1][1:len(sequence) + 1].mean(0))
        residues += len(sequence)
    common.tell_rows(time.perf_counter() - begin, rows, residues, opt.rows)


main()
