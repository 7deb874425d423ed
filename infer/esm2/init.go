package esm2

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"longfirst/infer/backend"
	"longfirst/infer/safetensors"
)

// Init writes a model with random weights in the Hugging Face layout, for trying things out: it loads in transformers,
// it costs what a trained model of that size costs, and its embeddings mean nothing. Equal arguments give equal bytes on
// every platform. The weights are F32 and are written as they are drawn, so a model may be larger than the memory.
//
// They are scaled so that the model is a demanding test: every query attends to a few keys, far from uniformly, and the
// hidden states stay near unit size in all layers.
func Init(dir string, c Config, seed uint64) error { return InitAs(dir, c, seed, backend.F32) }

// InitAs is Init with weights rounded to BF16, which takes half of the space, or as F32.
func InitAs(dir string, c Config, seed uint64, dtype backend.DType) error {
	if dtype != backend.F32 && dtype != backend.BF16 {
		return fmt.Errorf("%w: random weights are F32 or BF16, not %s", ErrConfig, dtype)
	}
	if err := c.validate(); err != nil {
		return fmt.Errorf("%w: %v", ErrConfig, err)
	}
	if c.VocabSize != len(tokens) {
		return fmt.Errorf("%w: vocab_size is %d, ESM-2 has %d tokens", ErrConfig, c.VocabSize, len(tokens))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if files, err := os.ReadDir(dir); err != nil {
		return err
	} else if len(files) > 0 {
		return fmt.Errorf("%s: %w; give a new folder or empty it", dir, ErrExists)
	}
	if err := writeRandomWeights(filepath.Join(dir, safetensors.SingleFile), c, seed, dtype); err != nil {
		return err
	}
	texts := map[string]string{
		"tokenizer_config.json":   indented(tokenizerConfig),
		"special_tokens_map.json": indented(specialTokens),
		"README.md":               fmt.Sprintf(initReadme, c.Layers, c.HiddenSize, c.Parameters(), seed),
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	if err := WriteVocabulary(dir); err != nil {
		return err
	}
	// Last, so that a folder left behind by an interruption is no model.
	return WriteConfig(dir, c)
}

// WriteVocabulary writes the vocabulary of the published ESM-2 models to dir/vocab.txt.
func WriteVocabulary(dir string) error {
	return os.WriteFile(filepath.Join(dir, VocabularyFile), []byte(strings.Join(tokens, "\n")+"\n"), 0o666)
}

// WriteConfig writes dir/config.json as transformers 4 and 5 read it. Errors: ErrConfig where ReadConfig would refuse it.
func WriteConfig(dir string, c Config) error {
	if err := c.validate(); err != nil {
		return fmt.Errorf("%w: %v", ErrConfig, err)
	}
	return os.WriteFile(filepath.Join(dir, ConfigFile), []byte(indented(c.huggingFace())), 0o666)
}

// randomTensor is a tensor to be drawn: mean + deviation·bell.
type randomTensor struct {
	name            string
	shape           []int
	mean, deviation float64
}

// randomTensors lists the tensors of EsmModel under the names transformers gives them. Linear layers [N, K] have the
// deviation gain/sqrt(K), which turns inputs of unit size into outputs of size gain.
func randomTensors(c Config) []randomTensor {
	const (
		// Scores have the deviation gain², 3: among some hundred keys the best one takes about a third.
		queryKeyGain = 1.75
		upGain       = 1.5
		biasSize     = 0.05
		gainSpread   = 0.1
	)
	h, f := c.HiddenSize, c.IntermediateSize
	var list []randomTensor
	linear := func(name string, n, k int, gain float64) {
		list = append(list,
			randomTensor{name: name + ".weight", shape: []int{n, k}, deviation: gain / math.Sqrt(float64(k))},
			randomTensor{name: name + ".bias", shape: []int{n}, deviation: biasSize})
	}
	norm := func(name string) {
		list = append(list,
			randomTensor{name: name + ".weight", shape: []int{h}, mean: 1, deviation: gainSpread},
			randomTensor{name: name + ".bias", shape: []int{h}, deviation: biasSize})
	}
	list = append(list, randomTensor{name: "embeddings.word_embeddings.weight", shape: []int{c.VocabSize, h}, deviation: 1})
	for l := range c.Layers {
		layer := fmt.Sprintf("encoder.layer.%d.", l)
		norm(layer + "attention.LayerNorm")
		linear(layer+"attention.self.query", h, h, queryKeyGain)
		linear(layer+"attention.self.key", h, h, queryKeyGain)
		linear(layer+"attention.self.value", h, h, 1)
		linear(layer+"attention.output.dense", h, h, 1)
		norm(layer + "LayerNorm")
		linear(layer+"intermediate.dense", f, h, upGain)
		linear(layer+"output.dense", h, f, 1)
	}
	norm("encoder.emb_layer_norm_after")
	return list
}

func writeRandomWeights(path string, c Config, seed uint64, dtype backend.DType) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer := bufio.NewWriterSize(file, 1<<20)
	list := randomTensors(c)
	header := make([]safetensors.Tensor, len(list))
	for i, t := range list {
		header[i] = safetensors.Tensor{Name: t.name, DType: dtype.String(), Shape: t.shape}
	}
	w, err := safetensors.NewWriter(buffer, header, map[string]string{"format": "pt"})
	if err != nil {
		return err
	}
	for _, t := range list {
		if err := t.write(w, seed, dtype); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), buffer.Flush())
}

// write appends the tensor's data, a chunk at a time.
func (t *randomTensor) write(w *safetensors.Writer, seed uint64, dtype backend.DType) error {
	elements := 1
	for _, n := range t.shape {
		elements *= n
	}
	source := randomFor(seed, t.name)
	scale := float32(t.deviation / bellDeviation)
	mean := float32(t.mean)
	chunk := make([]byte, 0, 1<<16)
	for i := range elements {
		value := mean + float32(float32(source.bell())*scale) // the conversion forbids fusing
		if bits := math.Float32bits(value); dtype == backend.BF16 {
			// The upper half, rounded to the nearest, ties to even; weights are far from infinity.
			chunk = binary.LittleEndian.AppendUint16(chunk, uint16((bits+0x7fff+bits>>16&1)>>16))
		} else {
			chunk = binary.LittleEndian.AppendUint32(chunk, bits)
		}
		if len(chunk) == cap(chunk) || i == elements-1 {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return nil
}

// huggingFace returns config.json as transformers 4 and 5 read it.
func (c Config) huggingFace() map[string]any {
	return map[string]any{
		"architectures":                []string{"EsmModel"},
		"attention_probs_dropout_prob": json.Number("0.0"), // transformers 5 refuses an integer
		"classifier_dropout":           nil,
		"dtype":                        "float32",
		"emb_layer_norm_before":        false,
		"esmfold_config":               nil,
		"hidden_act":                   "gelu",
		"hidden_dropout_prob":          json.Number("0.0"),
		"hidden_size":                  c.HiddenSize,
		"initializer_range":            0.02,
		"intermediate_size":            c.IntermediateSize,
		"is_folding_model":             false,
		"layer_norm_eps":               c.LayerNormEps,
		"mask_token_id":                c.MaskTokenID,
		"max_position_embeddings":      c.MaxPositionEmbeddings,
		"model_type":                   c.ModelType,
		"num_attention_heads":          c.Heads,
		"num_hidden_layers":            c.Layers,
		"pad_token_id":                 c.PadTokenID,
		"position_embedding_type":      c.PositionEmbeddingType,
		"token_dropout":                c.TokenDropout,
		"torch_dtype":                  "float32",
		"use_cache":                    true,
		"vocab_list":                   nil,
		"vocab_size":                   c.VocabSize,
	}
}

var specialTokens = map[string]any{
	"cls_token":  tokenBOS,
	"eos_token":  tokenEOS,
	"mask_token": tokenMask,
	"pad_token":  tokenPad,
	"unk_token":  tokenUnk,
}

var tokenizerConfig = map[string]any{
	"cls_token":       tokenBOS,
	"eos_token":       tokenEOS,
	"mask_token":      tokenMask,
	"pad_token":       tokenPad,
	"unk_token":       tokenUnk,
	"tokenizer_class": "EsmTokenizer",
}

func indented(object map[string]any) string {
	text, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(text) + "\n"
}

const initReadme = `# Random weights: no biological meaning

This is an ESM-2 architecture (%d layers, hidden size %d, %d parameters) whose weights were drawn at random with seed %d.
It was never trained. Use it to try out programs and to measure their speed; embeddings made with it say nothing about
proteins.

For real embeddings take a trained model, for example https://huggingface.co/facebook/esm2_t6_8M_UR50D.
`
