"""onnxruntime and OpenVINO: the model is exported to ONNX once, with free batch and length; batches of 8 of like length."""
import os
import time

import numpy

import common
from transformers_job import batches


def export(folder, path):
    import torch
    import transformers

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = transformers.EsmModel.from_pretrained(folder, add_pooling_layer=False).eval()

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    tokens = transformers.EsmTokenizer.from_pretrained(folder)(["MKTAYIAKQR", "MKT"], return_tensors="pt", padding=True)
    batch, length = torch.export.Dim("batch", min=1, max=1024), torch.export.Dim("length", min=3, max=4096)
    shapes = {0: batch, 1: length}
    torch.onnx.export(Encoder(), (tokens["input_ids"], tokens["attention_mask"]), path + ".part", dynamo=True, external_data=False,
                      input_names=["input_ids", "attention_mask"], output_names=["hidden"], dynamic_shapes=(shapes, shapes), verbose=False)
    os.rename(path + ".part", path)


def open_onnxruntime(path, threads):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def open_openvino(path, threads):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 1}
    compiled = core.compile_model(core.read_model(path), "CPU", settings)
    return lambda ids, mask: compiled([ids, mask])[0]


def main():
    opt = common.options("model", "rows", "engine", "cache", "threads", "cut")
    path = os.path.join(opt.cache, "model.onnx")
    if not os.path.exists(path):
        export(opt.model, path)
    run = {"onnxruntime": open_onnxruntime, "openvino": open_openvino}[opt.engine](path, opt.threads)
    with open(os.path.join(opt.model, "vocab.txt")) as file:
        ids = {token: i for i, token in enumerate(file.read().split())}
    sequences = common.read_fasta(opt.fasta)
    rows = [None] * len(sequences)
    residues = 0
    begin = time.perf_counter()
    for places in batches(sequences, "sorted"):
        length = min(len(sequences[places[0]]), opt.cut) + 2
        tokens = numpy.full((len(places), length), ids["<pad>"], dtype=numpy.int64)
        for row, i in enumerate(places):
            residue_ids = [ids.get(c, ids["<unk>"]) for c in sequences[i][:opt.cut]]
            tokens[row, :len(residue_ids) + 2] = [ids["<cls>"], *residue_ids, ids["<eos>"]]
        hidden = run(tokens, (tokens != ids["<pad>"]).astype(numpy.int64))
        for row, i in enumerate(places):
            n = min(len(sequences[i]), opt.cut)
            rows[i] = hidden[row, 1:n + 1].mean(0)
            residues += n
    common.tell_rows(time.perf_counter() - begin, rows, residues, opt.rows)


main()
