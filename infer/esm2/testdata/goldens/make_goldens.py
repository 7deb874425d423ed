#!/usr/bin/env python3
"""Golden values from transformers for the tests of longfirst.

    python -m venv tf4 && tf4/bin/pip install -r requirements-transformers4.txt
    python -m venv tf5 && tf5/bin/pip install -r requirements-transformers5.txt

    tf4/bin/python make_goldens.py models .     # the models that transformers 4 writes
    tf5/bin/python make_goldens.py models .     # the models that transformers 5 writes

writes tiny random-weight models beside this file, each in a folder as save_pretrained leaves it, with what the release
that wrote it computes from it, read back from the folder, in fp32 on the CPU (expected.safetensors):

    tokens     U8  [T]      packed token ids, BOS and EOS included
    lengths    I32 [B]      tokens of each sequence
    hidden.l   F32 [T, H]   output_hidden_states, l = 0 ... L
    pooled     F32 [B, H]   mean of hidden.L over residues

    tf5/bin/python make_goldens.py exact .

writes exact.safetensors into each of these folders: the same weights computed in float64.

    hidden     F64 [T, H]   the last hidden states
    pooled     F64 [B, H]   their mean over residues

    tf5/bin/python make_goldens.py seeded ../seeded

writes, without their weights, models of a published shape: weights.py draws what `longfirst model init` does.

    tokens, lengths         as above
    hidden     F64 [T, H]   as above, and
    pooled     F64 [B, H]
    hidden.32  F32 [T, H]   what transformers computes of them in fp32
    pooled.32  F32 [B, H]

    tf5/bin/python make_goldens.py logits .

writes, beside the expected values of each model that has a language-model head, what it makes of the same tokens
(logits.safetensors):

    logits F32 [T, V]   of EsmForMaskedLM

    tf5/bin/python make_goldens.py demo MODEL FASTA OUT

writes the mean embeddings of a FASTA file for a model folder as a table: the ordinal of a record, then its H values.
Records without residues are left out. cli/demo/expected.tsv is that of cli/demo/sample.fa for the model of
`longfirst model init --config tiny --seed 1`.

Everything is compared on token ids: transformers' own tokenizer merges runs of unknown characters.
"""

import json
import pathlib
import shutil
import sys
import unittest.mock

import torch
import transformers
import weights
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import EsmConfig, EsmForMaskedLM, EsmModel, EsmTokenizer
from transformers.models.esm import modeling_esm

MAJOR = int(transformers.__version__.split(".")[0])

TOKENS = "<cls> <pad> <eos> <unk> L A G V S E R T I D P K Q N F Y M H W C X B U Z O . - <null_1> <mask>".split()
LETTERS = {t: i for i, t in enumerate(TOKENS) if len(t) == 1}
BOS, EOS, UNK = 0, 2, 3

# A single residue; every letter and gap; one more than a block of 64 keys; ambiguous residues.
SEQUENCES = ["M", "LAGVSERTIDPKQNFYMHWCXBUZO.-", "MKTAYIAKQR" * 6 + "QISFVKS", "XXBZUOMA"]
LONG = "MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTGKLPVPWPTLVTTFSYGVQCFSRYPDHMKQHDFFKSAMPEGYVQERTIFFKDDGNYKTRAEVKFEGDTLVNRIELKGIDF"

GOLDENS = [
    # The published checkpoints hold F32 files whose rotary frequencies are rounded to half precision.
    dict(name="head16-half-frequencies", major=4, heads=3, dim=16, layers=3, half_frequencies=True, long=True),
    dict(name="head24-maskedlm", major=4, heads=2, dim=24, layers=2, cls=EsmForMaskedLM),
    dict(name="head32-outliers", major=4, heads=2, dim=32, layers=2, outliers=(5, 40)),
    dict(name="head16-f16", major=4, heads=2, dim=16, layers=2, dtype=torch.float16),
    dict(name="head64-sharded", major=5, heads=2, dim=64, layers=2, shard="200KB"),
    dict(name="head128", major=5, heads=1, dim=128, layers=2),
    dict(name="head16-bf16", major=5, heads=4, dim=16, layers=2, dtype=torch.bfloat16),
    dict(name="head24-no-token-dropout", major=5, heads=2, dim=24, layers=2, cls=EsmForMaskedLM, token_dropout=False),
]

# Models of a published shape: the architecture, the seed, and channels that are 128 times as large as the others.
SEEDED = [
    dict(name="esm2_t6_8M", heads=20, hidden=320, intermediate=1280, layers=6, seed=1, outliers=()),
    dict(name="esm2_t6_8M-outliers", heads=20, hidden=320, intermediate=1280, layers=6, seed=1, outliers=(7, 150, 301)),
]

# Least mean, over queries, of the largest attention weight in the longest sequence: a uniform one would give 1/T.
PEAKED = 0.3


def randomize(model, outliers, seed):
    """Draws weights so that attention is peaked and hidden states keep about unit size."""
    random = torch.Generator().manual_seed(seed)
    normal = lambda p, mean, deviation: p.copy_(mean + deviation * torch.randn(p.shape, generator=random))
    with torch.no_grad():
        for name, p in model.named_parameters():
            fan_in = p.shape[-1]
            if "LayerNorm" in name or "layer_norm" in name:
                normal(p, 1.0 if name.endswith("weight") else 0.0, 0.2)
            elif name.endswith("bias"):
                normal(p, 0.0, 0.1)
            elif "word_embeddings" in name:
                normal(p, 0.0, 1.0)
            elif ".query." in name or ".key." in name:
                normal(p, 0.0, 2.0 / fan_in**0.5)
            else:
                normal(p, 0.0, 1.2 / fan_in**0.5)
        # Some channels of the residual stream are 100 times as large as the others, as in trained models.
        for channel in outliers:
            for name, p in model.named_parameters():
                if "word_embeddings" in name:
                    p[:, channel] *= 100
                elif "output.dense" in name:
                    p[channel] *= 100


def encode(sequence):
    """One token a byte, as longfirst does."""
    return [BOS] + [LETTERS.get(c, UNK) for c in sequence] + [EOS]


def hidden_states(model, ids, **kwargs):
    with torch.no_grad():
        out = model(torch.tensor([ids]), output_hidden_states=True, **kwargs)
    assert torch.equal(out.hidden_states[-1], out.last_hidden_state), "the last hidden state is the normed one"
    return out


def attention_peak(folder, ids):
    model = EsmModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    out = hidden_states(model, ids, output_attentions=True)
    return min(a.max(-1).values.mean().item() for a in out.attentions)


def about(**facts):
    """Metadata in one key: safetensors writes several in random order."""
    return {"about": json.dumps(dict(transformers=transformers.__version__, torch=torch.__version__, **facts))}


def make(golden, folder):
    config = EsmConfig(
        vocab_size=len(TOKENS), mask_token_id=32, pad_token_id=1, hidden_size=golden["heads"] * golden["dim"],
        num_hidden_layers=golden["layers"], num_attention_heads=golden["heads"],
        intermediate_size=min(128, 2 * golden["heads"] * golden["dim"]), hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5, position_embedding_type="rotary",
        token_dropout=golden.get("token_dropout", True), emb_layer_norm_before=False,
    )
    model = golden.get("cls", EsmModel)(config).eval()
    randomize(model, golden.get("outliers", ()), seed=golden["dim"])
    if golden.get("half_frequencies"):
        for name, buffer in model.named_buffers():
            if name.endswith("inv_freq"):
                buffer.copy_(buffer.half().float())
    shutil.rmtree(folder, ignore_errors=True)
    model.to(golden.get("dtype", torch.float32)).save_pretrained(folder, max_shard_size=golden.get("shard", "5GB"))
    (folder / "vocab.txt").write_text("\n".join(TOKENS))

    sequences = SEQUENCES + ([LONG] if golden.get("long") else [])
    ids = [encode(s) for s in sequences]
    tokenizer = EsmTokenizer(str(folder / "vocab.txt"))
    assert [tokenizer(s).input_ids for s in sequences] == ids, "transformers gives other token ids"
    peak = attention_peak(folder, max(ids, key=len))
    assert peak > PEAKED, f"{folder}: attention is too even: {peak:.3f}"

    model = EsmModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32).eval()
    outs = [hidden_states(model, i) for i in ids]
    expected = {
        "tokens": torch.tensor([t for i in ids for t in i], dtype=torch.uint8),
        "lengths": torch.tensor([len(i) for i in ids], dtype=torch.int32),
        "pooled": torch.stack([o.last_hidden_state[0, 1:-1].mean(0) for o in outs]),
    }
    for l in range(config.num_hidden_layers + 1):
        expected[f"hidden.{l}"] = torch.cat([o.hidden_states[l][0] for o in outs])
    save_file(expected, folder / "expected.safetensors", metadata=about(attention_peak=round(peak, 3), sequences=sequences))
    print(f"{folder}: attention peak {peak:.3f}", file=sys.stderr)


def states(model, ids):
    """The last hidden states of sequences end to end, and their means over residues."""
    hidden = [hidden_states(model, i).last_hidden_state[0] for i in ids]
    return torch.cat(hidden), torch.stack([h[1:-1].mean(0) for h in hidden])


def exact_rotary(self, x, position_ids, layer_type=None):
    angles = position_ids[..., None].double() * self.inv_freq.double()
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def exact_states(model, ids):
    """The same in float64, of fp32 weights and frequencies. transformers 5 rounds to fp32 on the way: with .float(), and
    the angles of rotary positions."""
    with (
        unittest.mock.patch.object(modeling_esm.EsmRotaryEmbedding, "forward", exact_rotary),
        unittest.mock.patch.object(torch.Tensor, "float", torch.Tensor.double),
    ):
        hidden, pooled = states(model.double(), ids)
    assert hidden.dtype == pooled.dtype == torch.float64
    return hidden, pooled


def exact(folder):
    expected = load_file(folder / "expected.safetensors")
    ids = [list(map(int, i)) for i in torch.split(expected["tokens"], expected["lengths"].tolist())]
    model = EsmModel.from_pretrained(folder, add_pooling_layer=False, dtype=torch.float32).eval()
    frequencies = [t for f in folder.glob("model*.safetensors") for n, t in load_file(f).items() if n.endswith("inv_freq")]
    for name, buffer in model.named_buffers():
        if name.endswith("inv_freq") and frequencies:
            buffer.copy_(frequencies[0])  # transformers 5 recomputes what is stored
    hidden, pooled = exact_states(model, ids)
    last = expected[f"hidden.{model.config.num_hidden_layers}"]
    print(f"{folder}: fp32 is off by {(last - hidden).abs().max():.1e}", file=sys.stderr)
    save_file({"hidden": hidden, "pooled": pooled}, folder / "exact.safetensors", metadata=about())


def seeded(golden, path):
    config = EsmConfig(
        vocab_size=len(TOKENS), mask_token_id=32, pad_token_id=1, hidden_size=golden["hidden"], num_hidden_layers=golden["layers"],
        num_attention_heads=golden["heads"], intermediate_size=golden["intermediate"], hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5, position_embedding_type="rotary", token_dropout=True,
        emb_layer_norm_before=False,
    )
    model = EsmModel(config, add_pooling_layer=False).eval()
    drawn = {name: torch.from_numpy(values) for name, values in weights.draw(config, golden["seed"]).items()}
    for name, values in drawn.items():
        for channel in golden["outliers"]:
            if "word_embeddings" in name:
                values[:, channel] *= 128
            elif "output.dense" in name:
                values[channel] *= 128
    missing, unknown = model.load_state_dict(drawn, strict=False)
    assert not unknown and all("inv_freq" in m or "position" in m or "contact" in m for m in missing), (missing, unknown)
    ids = [encode(s) for s in [LONG, SEQUENCES[1]]]
    hidden, pooled = states(model, ids)
    expected = {
        "tokens": torch.tensor([t for i in ids for t in i], dtype=torch.uint8),
        "lengths": torch.tensor([len(i) for i in ids], dtype=torch.int32),
        "hidden.32": hidden, "pooled.32": pooled,
    }
    expected["hidden"], expected["pooled"] = exact_states(model, ids)
    save_file(expected, path, metadata=about(seed=golden["seed"], outliers=golden["outliers"]))
    print(f"{path}: fp32 is off by {(hidden - expected['hidden']).abs().max():.1e}", file=sys.stderr)


def logits(folder):
    """Writes the logits of a model with a language-model head for the tokens of its expected values."""
    with safe_open(folder / "expected.safetensors", "pt") as expected:
        tokens, lengths = expected.get_tensor("tokens"), expected.get_tensor("lengths")
    model = EsmForMaskedLM.from_pretrained(folder, dtype=torch.float32).eval()
    rows = []
    for ids in tokens.long().split(lengths.tolist()):
        with torch.no_grad():
            rows.append(model(ids[None]).logits[0])
    save_file({"logits": torch.cat(rows)}, folder / "logits.safetensors", metadata=about())
    print(folder, file=sys.stderr)


WHITESPACE = b" \t\r\n\v\f"
GAPS = b"-."
MAX_RESIDUES = 1024


def records(path):
    """Yields the residues of the records of a FASTA file in file order. A record starts at a line whose first byte is '>'."""
    body = None
    for line in pathlib.Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.startswith(b">"):
            if body is not None:
                yield b"".join(body)
            body = []
        elif body is not None:
            body.append(bytes(c for c in line if c not in WHITESPACE))
    if body is not None:
        yield b"".join(body)


def model_input(residues):
    """Token ids of a record: upper case, no gaps, no final stop, cut, then BOS and EOS."""
    residues = bytes(c for c in residues.upper() if c not in GAPS)
    if residues.endswith(b"*"):
        residues = residues[:-1]
    return encode(residues[:MAX_RESIDUES].decode("latin-1"))


def demo(model_folder, fasta, out):
    """Writes the mean embeddings of a FASTA file as a table: ordinal, then the H values in the shortest decimal form."""
    model = EsmModel.from_pretrained(model_folder, add_pooling_layer=False, dtype=torch.float32).eval()
    with open(out, "w") as table:
        print("ordinal", *(f"e{i}" for i in range(model.config.hidden_size)), sep="\t", file=table)
        for ordinal, sequence in enumerate(records(fasta)):
            tokens = model_input(sequence)
            if len(tokens) > 2:
                mean = hidden_states(model, tokens).last_hidden_state[0, 1:-1].mean(0)
                print(ordinal, *mean.numpy(), sep="\t", file=table)
    print(out, file=sys.stderr)


def main(arguments):
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    match arguments:
        case ["models", out]:
            for golden in GOLDENS:
                if golden["major"] == MAJOR:
                    make(golden, pathlib.Path(out) / golden["name"])
        case ["exact", out]:
            for file in sorted(pathlib.Path(out).glob("*/expected.safetensors")):
                exact(file.parent)
        case ["seeded", out]:
            for golden in SEEDED:
                seeded(golden, pathlib.Path(out) / (golden["name"] + ".safetensors"))
        case ["logits", out]:
            for golden in GOLDENS:
                if golden.get("cls") is EsmForMaskedLM:
                    logits(pathlib.Path(out) / golden["name"])
        case ["demo", model, fasta, out]:
            demo(model, fasta, out)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
