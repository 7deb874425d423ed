package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"longfirst/infer/esm2"
	"longfirst/infer/safetensors"
)

// layerNames are the parts of a layer: fair-esm's name and the one EsmModel has for it.
var layerNames = map[string]string{
	"self_attn.q_proj":           "attention.self.query",
	"self_attn.k_proj":           "attention.self.key",
	"self_attn.v_proj":           "attention.self.value",
	"self_attn.out_proj":         "attention.output.dense",
	"self_attn.rot_emb.inv_freq": "attention.self.rotary_embeddings.inv_freq",
	"self_attn_layer_norm":       "attention.LayerNorm",
	"fc1":                        "intermediate.dense",
	"fc2":                        "output.dense",
	"final_layer_norm":           "LayerNorm",
}

// modelNames are the parts outside layers.
var modelNames = map[string]string{
	"embed_tokens":            "esm.embeddings.word_embeddings",
	"emb_layer_norm_after":    "esm.encoder.emb_layer_norm_after",
	"lm_head.dense":           "lm_head.dense",
	"lm_head.layer_norm":      "lm_head.layer_norm",
	"lm_head":                 "lm_head.decoder",
	"contact_head.regression": "esm.contact_head.regression",
}

var layerPattern = regexp.MustCompile(`^layers\.(\d+)\.(.*)$`)

// huggingFaceName returns the name that EsmForMaskedLM has for a tensor of fair-esm (scripts: transformers'
// convert_esm.py), "" where it has none.
func huggingFaceName(name string) string {
	name = strings.TrimPrefix(name, "encoder.")
	name = strings.TrimPrefix(name, "sentence_encoder.")
	if name == "lm_head.bias" { // of the decoder, which transformers keeps outside of it
		return name
	}
	stem, suffix := name, ""
	if i := strings.LastIndexByte(name, '.'); strings.HasSuffix(name, ".weight") || strings.HasSuffix(name, ".bias") {
		stem, suffix = name[:i], name[i:]
	}
	if m := layerPattern.FindStringSubmatch(stem); m != nil {
		if part, ok := layerNames[m[2]]; ok {
			return "esm.encoder.layer." + m[1] + "." + part + suffix
		}
	} else if part, ok := modelNames[stem]; ok {
		return part + suffix
	}
	return ""
}

// convertFairESM writes the model of an ESM-2 checkpoint of fair-esm. The regression of its contact head is taken from
// the file that lies beside it, NAME-contact-regression.pt, where there is one.
func convertFairESM(ctx context.Context, source, work string) error {
	f, err := Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	pieces := map[string]piece{}
	root, err := f.addFairESM(pieces)
	if err != nil {
		return err
	}
	config, err := fairESMConfig(root, pieces)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	beside := strings.TrimSuffix(source, filepath.Ext(source)) + "-contact-regression" + filepath.Ext(source)
	if _, err := os.Stat(beside); err == nil {
		regression, err := Open(beside)
		if err != nil {
			return err
		}
		defer regression.Close()
		if _, err := regression.addFairESM(pieces); err != nil {
			return err
		}
	}
	if err := esm2.WriteConfig(work, config); err != nil {
		return err
	}
	if err := esm2.WriteVocabulary(work); err != nil {
		return err
	}
	return write(ctx, filepath.Join(work, safetensors.SingleFile), pieces)
}

// addFairESM adds the tensors under the names of EsmForMaskedLM and returns what torch.load would.
func (f *File) addFairESM(pieces map[string]piece) (*Dict, error) {
	root, _ := f.Root.(*Dict)
	state, ok := root.Get("model").(*Dict)
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no checkpoint of fair-esm, which holds a dictionary under \"model\"; "+
			"of a Hugging Face model give the folder", f.path, ErrContent)
	}
	for _, t := range Tensors(state) {
		name := huggingFaceName(t.Name)
		if name == "" {
			return nil, fmt.Errorf("%s: %w: tensor %s is none of ESM-2's (ESM-1 and MSA models are not supported)", f.path, ErrContent, t.Name)
		}
		pieces[name] = piece{f, state, t}
	}
	return root, nil
}

// fairESMConfig reads the sizes off the tensors, and what they do not show off the options the model was trained with.
func fairESMConfig(root *Dict, pieces map[string]piece) (esm2.Config, error) {
	config, _ := esm2.Named(esm2.Names()[0])
	shapes := map[string][]int{}
	layers := 0
	for name, p := range pieces {
		shapes[name] = p.tensor.Shape
		if rest, ok := strings.CutPrefix(name, "esm.encoder.layer."); ok {
			number, _, _ := strings.Cut(rest, ".")
			n, err := strconv.Atoi(number)
			if err != nil {
				return config, fmt.Errorf("%w: tensor %s", ErrContent, name)
			}
			layers = max(layers, n+1)
		}
	}
	embeddings, up := shapes["esm.embeddings.word_embeddings.weight"], shapes["esm.encoder.layer.0.intermediate.dense.weight"]
	if len(embeddings) != 2 || len(up) != 2 {
		return config, fmt.Errorf("%w: it lacks embed_tokens.weight or layers.0.fc1.weight", ErrContent)
	}
	if embeddings[0] != config.VocabSize {
		return config, fmt.Errorf("%w: %d tokens, ESM-2 has %d", ErrContent, embeddings[0], config.VocabSize)
	}
	config.HiddenSize, config.IntermediateSize, config.Layers = embeddings[1], up[0], layers
	heads, dropout := trainedWith(root)
	if frequencies := shapes["esm.encoder.layer.0.attention.self.rotary_embeddings.inv_freq"]; len(frequencies) == 1 && frequencies[0] > 0 {
		heads = cmp.Or(heads, int64(config.HiddenSize/(2*frequencies[0])))
	}
	if heads < 1 || heads > int64(config.HiddenSize) {
		return config, fmt.Errorf("%w: the number of attention heads is neither among its options nor shown by rotary frequencies", ErrContent)
	}
	config.Heads, config.TokenDropout = int(heads), dropout
	return config, nil
}

// trainedWith returns attention heads (0: unknown) and token dropout (ESM-2's, unless said otherwise) of the options,
// which are under cfg.model or args, as a namespace or a dictionary.
func trainedWith(root *Dict) (heads int64, dropout bool) {
	options := root.Get("args")
	switch cfg := root.Get("cfg").(type) {
	case *Dict:
		options = cfg.Get("model")
	case *Object:
		options = cfg.Attribute("model")
	}
	option := func(name string) any {
		switch options := options.(type) {
		case *Dict:
			return options.Get(name)
		case *Object:
			return options.Attribute(name)
		}
		return nil
	}
	heads, _ = option("encoder_attention_heads").(int64)
	dropout, known := option("token_dropout").(bool)
	return heads, dropout || !known
}
