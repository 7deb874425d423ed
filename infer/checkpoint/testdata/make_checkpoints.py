#!/usr/bin/env python3
"""Writes the checkpoints of this folder: small models with random weights, as torch.save, transformers and fair-esm have
them on disk, and what transformers or fair-esm compute with them.

Needs torch 2.15.0, transformers 5.23.0 and fair-esm 2.0.0. Files are made anew each time; pickles differ in nothing but
what these versions write.
"""
import argparse
import json
import shutil
import sys
from pathlib import Path

import torch

here = Path(__file__).parent
SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"
IDS = [0, 20, 15, 11, 5, 19, 12, 5, 15, 16, 10, 16, 12, 8, 18, 7, 15, 8, 21, 18, 8, 10, 16, 4, 9, 9, 10, 4, 6, 4, 12, 9, 7, 16, 2]


def spread(model):
    """Weights of a size that makes attention peaked and norms matter."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 2:
                p.copy_(torch.randn(p.shape, generator=generator) * 1.5 / p.shape[1] ** 0.5)
            else:
                p.add_(torch.randn(p.shape, generator=generator) * 0.05)


def hugging_face():
    from transformers import EsmConfig, EsmForMaskedLM

    config = EsmConfig(vocab_size=33, mask_token_id=32, pad_token_id=1, hidden_size=32, num_hidden_layers=2,
                       num_attention_heads=2, intermediate_size=128, position_embedding_type="rotary", token_dropout=True,
                       layer_norm_eps=1e-5, emb_layer_norm_before=False, hidden_act="gelu",
                       hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = EsmForMaskedLM(config).eval()
    spread(model)
    with torch.no_grad():
        hidden = model.esm(torch.tensor([IDS])).last_hidden_state[0]
    state = model.state_dict()
    folder = here / "huggingface"
    folder.mkdir()
    model.config.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(
        "<cls> <pad> <eos> <unk> L A G V S E R T I D P K Q N F Y M H W C X B U Z O . - <null_1> <mask>".split()) + "\n")
    torch.save(state, folder / "pytorch_model.bin")

    shards = here / "shards"
    shutil.copytree(folder, shards, ignore=lambda *_: ["pytorch_model.bin"])
    names = sorted(state)
    placed = {}
    for i, part in enumerate([names[: len(names) // 2], names[len(names) // 2:]]):
        file = f"pytorch_model-{i + 1:05}-of-00002.bin"
        torch.save({n: state[n].clone() for n in part}, shards / file, _use_new_zipfile_serialization=i == 0)
        placed.update({n: file for n in part})
    (shards / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": placed}, indent=1) + "\n")
    return hidden


def fair_esm():
    import esm

    alphabet = esm.data.Alphabet.from_architecture("ESM-1b")
    model = esm.model.esm2.ESM2(num_layers=2, embed_dim=32, attention_heads=2, alphabet=alphabet, token_dropout=True).eval()
    spread(model)
    assert alphabet.get_batch_converter()([("x", SEQUENCE)])[2][0].tolist() == IDS
    with torch.no_grad():
        hidden = model(torch.tensor([IDS]), repr_layers=[2])["representations"][2][0]
    state = {}
    regression = {}
    for name, value in model.state_dict().items():
        if name.startswith("contact_head"):
            regression[name] = value
        elif name.startswith("lm_head"):
            state["encoder." + name] = value
        else:
            state["encoder.sentence_encoder." + name] = value
    options = argparse.Namespace(encoder_layers=2, encoder_embed_dim=32, encoder_attention_heads=2, token_dropout=True, arch="esm2")
    torch.save({"cfg": {"model": options}, "model": state}, here / "fairesm.pt")
    torch.save({"model": regression}, here / "fairesm-contact-regression.pt")
    return hidden


def odd():
    """Tensors that are not stored as they are read."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensors = {
        "transposed": base.t(), "columns": base[:, 1:3], "row": base[2], "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 4),
        "half": torch.tensor([1.0, -2.5, 65504.0]).half(), "bfloat": torch.tensor([1.0, -2.5, 3e38]).bfloat16(),
        "double": torch.tensor([0.1], dtype=torch.float64), "long": torch.tensor([1, -2**40]), "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.tensor([7.0])), "number": 5, "text": "no tensor",
    }
    torch.save(tensors, here / "odd.pt")
    torch.save(tensors, here / "odd-legacy.pt", _use_new_zipfile_serialization=False)


def hostile():
    """What a loader that calls what pickles name would run."""
    import os

    class Payload:
        def __reduce__(self):
            return os.system, ("touch executed",)

    torch.save({"model": Payload(), "weights": torch.ones(2)}, here / "hostile.pt")


for old in here.iterdir():
    if old.name != Path(__file__).name:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
expected = {"ids": IDS, "sequence": SEQUENCE, "huggingface": hugging_face().flatten().tolist(), "fairesm": fair_esm().flatten().tolist()}
odd()
hostile()
(here / "hidden.json").write_text(json.dumps(expected) + "\n")
print("torch", torch.__version__, file=sys.stderr)
