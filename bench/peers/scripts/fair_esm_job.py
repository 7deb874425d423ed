"""fair-esm, as its extract.py works: batches of like length up to 4096 tokens, mean over residues of the last layer.

The model object is built from the config and filled with the weights of the Hugging Face folder: nothing is downloaded."""
import json
import os
import time

import safetensors.torch
import torch
from esm.data import Alphabet, FastaBatchedDataset
from esm.model.esm2 import ESM2

import common

TOKENS_PER_BATCH = 4096


def load(folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    model = ESM2(num_layers=config["num_hidden_layers"], embed_dim=config["hidden_size"],
                 attention_heads=config["num_attention_heads"], alphabet="ESM-1b", token_dropout=config["token_dropout"])
    weights = {}
    for name, value in safetensors.torch.load_file(os.path.join(folder, "model.safetensors")).items():
        name = name.removeprefix("esm.").replace(".gamma", ".weight").replace(".beta", ".bias")
        for old, new in (("embeddings.word_embeddings", "embed_tokens"), ("encoder.layer.", "layers."),
                         ("encoder.emb_layer_norm_after", "emb_layer_norm_after"),
                         ("attention.LayerNorm", "self_attn_layer_norm"), ("attention.self.query", "self_attn.q_proj"),
                         ("attention.self.key", "self_attn.k_proj"), ("attention.self.value", "self_attn.v_proj"),
                         ("attention.self.rotary_embeddings", "self_attn.rot_emb"),
                         ("attention.output.dense", "self_attn.out_proj"), ("intermediate.dense", "fc1"),
                         ("output.dense", "fc2"), ("LayerNorm", "final_layer_norm")):
            name = name.replace(old, new)
        weights[name] = value
    missing, _ = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if not name.startswith(("lm_head.", "contact_head.")) and "rot_emb" not in name]
    if missing:
        raise SystemExit(f"fair-esm: weights without a counterpart: {missing[:5]}")
    return model.eval(), config["num_hidden_layers"]


def main():
    opt = common.options("model", "rows", "threads", "cut")
    torch.set_num_threads(opt.threads)
    model, last = load(opt.model)
    sequences = common.read_fasta(opt.fasta)
    data = FastaBatchedDataset([str(i) for i in range(len(sequences))], sequences)
    converter = Alphabet.from_architecture("ESM-1b").get_batch_converter(opt.cut)
    rows = [None] * len(sequences)
    residues = 0
    begin = time.perf_counter()
    with torch.inference_mode():
        for batch in data.get_batch_indices(TOKENS_PER_BATCH, extra_toks_per_seq=1):
            labels, _, tokens = converter([data[i] for i in batch])
            hidden = model(tokens, repr_layers=[last])["representations"][last]
            for row, label in enumerate(labels):
                i = int(label)
                n = min(len(sequences[i]), opt.cut)
                rows[i] = hidden[row, 1:n + 1].mean(0).numpy()
                residues += n
    common.tell_rows(time.perf_counter() - begin, rows, residues, opt.rows)


main()
