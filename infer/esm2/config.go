package esm2

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ConfigFile is the name of a model's configuration in its folder.
const ConfigFile = "config.json"

// Config is what config.json says about an ESM-2 model. Fields that do not change the hidden states are not kept.
type Config struct {
	ModelType             string  `json:"model_type"`
	VocabSize             int     `json:"vocab_size"`          // V
	HiddenSize            int     `json:"hidden_size"`         // H
	Layers                int     `json:"num_hidden_layers"`   // L
	Heads                 int     `json:"num_attention_heads"` // A
	IntermediateSize      int     `json:"intermediate_size"`   // F
	LayerNormEps          float64 `json:"layer_norm_eps"`
	PositionEmbeddingType string  `json:"position_embedding_type"`
	RopeTheta             float64 `json:"rope_theta"`
	TokenDropout          bool    `json:"token_dropout"`
	EmbLayerNormBefore    bool    `json:"emb_layer_norm_before"`
	HiddenAct             string  `json:"hidden_act"`
	IsFoldingModel        bool    `json:"is_folding_model"`
	IsDecoder             bool    `json:"is_decoder"`
	AddCrossAttention     bool    `json:"add_cross_attention"`
	MaxPositionEmbeddings int     `json:"max_position_embeddings"`
	MaskTokenID           int     `json:"mask_token_id"`
	PadTokenID            int     `json:"pad_token_id"`
}

// defaults are the values transformers' EsmConfig takes for fields that a config.json leaves out.
func defaults() Config {
	return Config{
		LayerNormEps:          1e-12,
		PositionEmbeddingType: "absolute",
		RopeTheta:             10000,
		HiddenAct:             "gelu",
		MaxPositionEmbeddings: 1026,
		MaskTokenID:           -1,
		PadTokenID:            -1,
	}
}

// ReadConfig reads dir/config.json. Errors: ErrConfig where the file is missing, is not JSON, or describes a model whose
// forward pass is another one than ESM-2's; the reason names the field.
func ReadConfig(dir string) (Config, error) {
	path := filepath.Join(dir, ConfigFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%s: %w: no such file; give a Hugging Face model folder with config.json, "+
			"model.safetensors and vocab.txt: %w", path, ErrConfig, fs.ErrNotExist)
	} else if err != nil {
		return Config{}, err
	}
	c := defaults()
	if err := json.Unmarshal(text, &c); err != nil {
		return Config{}, fmt.Errorf("%s: %w: %v", path, ErrConfig, err)
	}
	if err := c.validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w: %v", path, ErrConfig, err)
	}
	return c, nil
}

// Bounds on what a config may ask for, far above ESM-2 15B; they keep products of dimensions inside an int64.
const (
	maxVocabulary = 256 // token ids are bytes
	maxWidth      = 1 << 20
	maxLayers     = 4096
)

// validate returns the reason why c is not an ESM-2 that this package computes.
func (c Config) validate() error {
	switch {
	case c.ModelType != "esm":
		return fmt.Errorf("model_type is %q, not \"esm\": only ESM-2 models are supported", c.ModelType)
	case c.IsFoldingModel:
		return errors.New("is_folding_model is true: this is an ESMFold model; use the ESM-2 language model it is built on")
	case c.PositionEmbeddingType != "rotary":
		return fmt.Errorf("position_embedding_type is %q, not \"rotary\": ESM-1b and ESM-1v have learned absolute positions, "+
			"only ESM-2 is supported", c.PositionEmbeddingType)
	case c.EmbLayerNormBefore:
		return errors.New("emb_layer_norm_before is true: ESM-1b and ESM-1v normalize the embeddings, ESM-2 does not")
	case c.HiddenAct != "" && c.HiddenAct != "gelu":
		return fmt.Errorf("hidden_act is %q: ESM-2 uses \"gelu\"", c.HiddenAct)
	case c.IsDecoder || c.AddCrossAttention:
		return errors.New("is_decoder or add_cross_attention is true: ESM-2 is an encoder")
	}
	if err := c.validateSizes(); err != nil {
		return err
	}
	switch {
	case !(c.LayerNormEps > 0 && c.LayerNormEps < 1):
		return fmt.Errorf("layer_norm_eps is %g, outside (0, 1)", c.LayerNormEps)
	case !(c.RopeTheta >= 1 && c.RopeTheta <= 1e12):
		return fmt.Errorf("rope_theta is %g, outside [1, 1e12]", c.RopeTheta)
	case c.MaskTokenID >= c.VocabSize || c.PadTokenID >= c.VocabSize:
		return fmt.Errorf("mask_token_id %d or pad_token_id %d is not below vocab_size %d",
			c.MaskTokenID, c.PadTokenID, c.VocabSize)
	}
	return nil
}

func (c Config) validateSizes() error {
	for _, size := range []struct {
		field        string
		value, limit int
	}{
		{"vocab_size", c.VocabSize, maxVocabulary},
		{"hidden_size", c.HiddenSize, maxWidth},
		{"num_hidden_layers", c.Layers, maxLayers},
		{"num_attention_heads", c.Heads, maxWidth},
		{"intermediate_size", c.IntermediateSize, maxWidth},
	} {
		if size.value < 1 || size.value > size.limit {
			return fmt.Errorf("%s is %d, outside [1, %d]", size.field, size.value, size.limit)
		}
	}
	if c.HiddenSize%(2*c.Heads) != 0 {
		return fmt.Errorf("hidden_size %d is not an even multiple of num_attention_heads %d", c.HiddenSize, c.Heads)
	}
	return nil
}

// HeadDim returns D.
func (c Config) HeadDim() int { return c.HiddenSize / c.Heads }

// FLOPs returns the floating-point operations of one sequence of that many tokens, BOS and EOS included.
func (c Config) FLOPs(tokens int64) int64 {
	return tokens*c.FLOPsPerToken() + tokens*tokens*c.FLOPsPerPair()
}

// FLOPsPerToken returns the operations of the linear layers for a token.
func (c Config) FLOPsPerToken() int64 {
	h, f, l := int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.Layers)
	return 2 * (4*h*h + 2*h*f) * l
}

// FLOPsPerPair returns the operations of attention's two products for a query and a key.
func (c Config) FLOPsPerPair() int64 { return 4 * int64(c.HiddenSize) * int64(c.Layers) }

// Parameters returns the number of weights of the encoder, the language-model head and the contact head excluded.
func (c Config) Parameters() int64 {
	h, f, l, v := int64(c.HiddenSize), int64(c.IntermediateSize), int64(c.Layers), int64(c.VocabSize)
	attention := 4 * (h*h + h)
	feedForward := 2*h*f + f + h
	norms := 2 * 2 * h
	return v*h + l*(attention+feedForward+norms) + 2*h
}

// embeddingScale is what a token's embedding is multiplied by: with token_dropout, ESM-2 was trained with 12 % of the
// tokens zeroed (15 % selected, 80 % of them masked), and makes up for it when none is.
func (c Config) embeddingScale() float32 {
	if c.TokenDropout {
		return 1 - 0.15*0.8
	}
	return 1
}

// numerics spells out the fields that the hidden states depend on. Digest is made from it: a change of this text makes
// every data set begun before it refuse to resume.
func (c Config) numerics() string {
	return fmt.Sprintf("esm2 V=%d H=%d L=%d A=%d F=%d eps=%g theta=%g token_dropout=%t", c.VocabSize, c.HiddenSize, c.Layers,
		c.Heads, c.IntermediateSize, c.LayerNormEps, c.RopeTheta, c.TokenDropout)
}
