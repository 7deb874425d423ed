// Package esm2 runs ESM-2 protein language models (Lin et al. 2023, Science 379, 1123) kept in the Hugging Face layout:
// a folder with config.json, vocab.txt and model.safetensors, or shards with model.safetensors.index.json.
//
// The forward pass is that of transformers' EsmModel in eval mode, written once over the operations of package backend:
//
//	x = embedding[token] * 0.88                      the scale only where the config says token_dropout
//	for every layer:
//	    x += Wo · attention(rotary(Wqkv · norm(x)))
//	    x += W2 · gelu(W1 · norm(x))
//	x = norm(x)
//	embedding of a sequence = mean of x over its residues, without BOS and EOS
//
// Dimensions are those of package backend: T tokens, B sequences, H hidden size, A heads, D head dimension, F
// intermediate size, V vocabulary size.
//
// A Model holds the weights on a device; they stay views of the mapped files where the backend can use them as stored.
// A Runner holds the activations of one batch; two runners of a model overlap, one being filled and read while the
// other computes.
//
// # Weights that are not numbers
//
// Vectors (biases, gains) are checked for NaN and Inf by Load. Matrices are not, because that would read the whole file
// before the first batch: CheckFinite does it on demand, for the moment a row comes out as NaN or Inf.
package esm2
