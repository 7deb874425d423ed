package esm2

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const validConfig = `{"model_type":"esm","vocab_size":33,"hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,
	"intermediate_size":128,"position_embedding_type":"rotary","token_dropout":true,"emb_layer_norm_before":null,
	"layer_norm_eps":1e-5,"mask_token_id":32,"pad_token_id":1}`

func readConfigText(t *testing.T, text string) (Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return ReadConfig(dir)
}

func TestReadConfig(t *testing.T) {
	c, err := readConfigText(t, validConfig)
	if err != nil {
		t.Fatal(err)
	}
	if c.HeadDim() != 16 || c.RopeTheta != 10000 || c.embeddingScale() != 0.88 {
		t.Errorf("got %+v", c)
	}
}

func TestReadConfigRefuses(t *testing.T) {
	for _, test := range []struct{ replace, by, want string }{
		{`"esm"`, `"bert"`, "model_type"},
		{`"rotary"`, `"absolute"`, "ESM-1b"},
		{`"position_embedding_type":"rotary",`, ``, "ESM-1b"}, // transformers' default
		{`"emb_layer_norm_before":null`, `"emb_layer_norm_before":true`, "emb_layer_norm_before"},
		{`"token_dropout":true`, `"is_folding_model":true`, "ESMFold"},
		{`"token_dropout":true`, `"is_decoder":true`, "encoder"},
		{`"token_dropout":true`, `"add_cross_attention":true`, "encoder"},
		{`"token_dropout":true`, `"hidden_act":"relu"`, "hidden_act"},
		{`"token_dropout":true`, `"rope_theta":0`, "rope_theta"},
		{`"num_attention_heads":4`, `"num_attention_heads":5`, "multiple"},
		{`"num_attention_heads":4`, `"num_attention_heads":64`, "even multiple"},
		{`"num_attention_heads":4`, `"num_attention_heads":0`, "num_attention_heads"},
		{`"num_hidden_layers":2,`, ``, "num_hidden_layers"},
		{`"vocab_size":33`, `"vocab_size":257`, "vocab_size"},
		{`"vocab_size":33`, `"vocab_size":30`, "mask_token_id"},
		{`"hidden_size":64`, `"hidden_size":9223372036854775807`, "hidden_size"},
		{`1e-5`, `0`, "layer_norm_eps"},
		{`1e-5`, `"small"`, "layer_norm_eps"},
		{`{`, ``, "invalid"},
	} {
		text := strings.Replace(validConfig, test.replace, test.by, 1)
		if text == validConfig {
			t.Fatalf("%q is not in the config", test.replace)
		}
		_, err := readConfigText(t, text)
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), ConfigFile) {
			t.Errorf("%s: got %v, want %q and the file's name", test.by, err, test.want)
		}
	}
	if _, err := ReadConfig(t.TempDir()); !errors.Is(err, ErrConfig) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
}

// TestNamed compares with the sizes in the models' names.
func TestNamed(t *testing.T) {
	sizes := []float64{0, 8e6, 35e6, 150e6, 650e6, 3e9, 15e9}
	headDims := []int{16, 16, 24, 32, 64, 64, 128}
	if len(Names()) != len(sizes) {
		t.Fatalf("names %q", Names())
	}
	for i, name := range Names() {
		c, ok := Named(name)
		if !ok {
			t.Fatalf("%s is unknown", name)
		}
		if err := c.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var drawn int64
		for _, tensor := range randomTensors(c) {
			elements := int64(1)
			for _, n := range tensor.shape {
				elements *= int64(n)
			}
			drawn += elements
		}
		if c.Parameters() != drawn {
			t.Errorf("%s: %d parameters, %d in its tensors", name, c.Parameters(), drawn)
		}
		if got := float64(drawn); sizes[i] > 0 && math.Abs(got-sizes[i]) > 0.1*sizes[i] {
			t.Errorf("%s has %g parameters", name, got)
		}
		if c.HeadDim() != headDims[i] {
			t.Errorf("%s has head size %d", name, c.HeadDim())
		}
	}
	if _, ok := Named("esm2"); ok {
		t.Error("Named knows any name")
	}
}

// TestFLOPs counts the multiplications and additions of every product.
func TestFLOPs(t *testing.T) {
	c, _ := Named("esm2_t6_8M")
	const tokens = 100
	h, f := int64(c.HiddenSize), int64(c.IntermediateSize)
	var want int64
	for range c.Layers {
		for _, product := range [][3]int64{{tokens, h, h}, {tokens, h, h}, {tokens, h, h}, {tokens, h, h}, {tokens, f, h}, {tokens, h, f}} {
			want += 2 * product[0] * product[1] * product[2]
		}
		for range c.Heads {
			want += 2 * 2 * tokens * tokens * int64(c.HeadDim())
		}
	}
	if got := c.FLOPs(tokens); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	huge, _ := Named("esm2_t48_15B")
	if huge.FLOPs(100_000) <= 0 {
		t.Error("overflow")
	}
}

func TestVocabulary(t *testing.T) {
	text := strings.Join(tokens, "\r\n") + "\n"
	v, err := parseVocabulary(text)
	if err != nil {
		t.Fatal(err)
	}
	if v.Len() != 33 || v.BOS != 0 || v.Pad != 1 || v.EOS != 2 || v.Unk != 3 || v.Mask != 32 {
		t.Errorf("got %+v", v)
	}
	for id, token := range tokens {
		if got, ok := v.ID(token); !ok || int(got) != id || v.Token(got) != token {
			t.Errorf("%q: id %d, token %q, want id %d", token, got, v.Token(got), id)
		}
	}
	if _, ok := v.ID("J"); ok || v.Token(33) != "" {
		t.Error("found what is not there")
	}
	for _, test := range []struct{ text, want string }{
		{strings.Replace(text, "<mask>", "<gap>", 1), "<mask>"},
		{strings.Replace(text, "\r\nA\r\n", "\r\nL\r\n", 1), "line 6"},
		{strings.Replace(text, "\r\nA\r\n", "\r\n\r\n", 1), "empty"},
		{strings.Repeat("x\n", 257), "257"},
		{"", "empty"},
	} {
		if _, err := parseVocabulary(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q", err, test.want)
		}
	}
	if _, err := ReadVocabulary(t.TempDir()); !errors.Is(err, ErrVocabulary) {
		t.Errorf("no file: got %v", err)
	}
}
