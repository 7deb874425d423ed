"""The weights that `longfirst model init` draws, the same bits: see randomTensors in init.go and random.go."""

import numpy as np

BELL_DEVIATION = np.sqrt(1.0 / 3) * (1 << 16)


def fnv1a(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def split_mix(state, n):
    """The next n numbers of SplitMix64."""
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return z ^ z >> np.uint64(31)


def tensor(name, shape, mean, deviation, seed):
    numbers = split_mix(split_mix(seed ^ fnv1a(name), 1)[0], int(np.prod(shape)))
    parts = [(numbers >> np.uint64(16 * i) & np.uint64(0xFFFF)).astype(np.int32) for i in range(4)]
    bell = (sum(parts) - 2 * 0xFFFF).astype(np.float32)
    scale = np.float32(deviation / BELL_DEVIATION)
    return (np.float32(mean) + bell * scale).reshape(shape)


def draw(config, seed):
    """Returns all tensors of EsmModel by name."""
    h, f = config.hidden_size, config.intermediate_size
    tensors = {}

    def put(name, shape, mean, deviation):
        tensors[name] = tensor(name, shape, mean, deviation, seed)

    def linear(name, n, k, gain):
        put(name + ".weight", (n, k), 0, gain / np.sqrt(k))
        put(name + ".bias", (n,), 0, 0.05)

    def norm(name):
        put(name + ".weight", (h,), 1, 0.1)
        put(name + ".bias", (h,), 0, 0.05)

    put("embeddings.word_embeddings.weight", (config.vocab_size, h), 0, 1)
    for l in range(config.num_hidden_layers):
        layer = f"encoder.layer.{l}."
        norm(layer + "attention.LayerNorm")
        linear(layer + "attention.self.query", h, h, 1.75)
        linear(layer + "attention.self.key", h, h, 1.75)
        linear(layer + "attention.self.value", h, h, 1)
        linear(layer + "attention.output.dense", h, h, 1)
        norm(layer + "LayerNorm")
        linear(layer + "intermediate.dense", f, h, 1.5)
        linear(layer + "output.dense", h, f, 1)
    norm("encoder.emb_layer_norm_after")
    return tensors
