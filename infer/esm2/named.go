package esm2

// named are the published ESM-2 sizes, and one that is small enough to try everything on any machine.
var named = []struct {
	name                                string
	hidden, layers, heads, intermediate int
}{
	{"tiny", 160, 4, 10, 640},
	{"esm2_t6_8M", 320, 6, 20, 1280},
	{"esm2_t12_35M", 480, 12, 20, 1920},
	{"esm2_t30_150M", 640, 30, 20, 2560},
	{"esm2_t33_650M", 1280, 33, 20, 5120},
	{"esm2_t36_3B", 2560, 36, 40, 10240},
	{"esm2_t48_15B", 5120, 48, 40, 20480},
}

// Named returns the architecture of that name: one of Names.
func Named(name string) (Config, bool) {
	for _, n := range named {
		if n.name == name {
			c := defaults()
			c.ModelType = "esm"
			c.VocabSize = len(tokens)
			c.HiddenSize, c.Layers, c.Heads, c.IntermediateSize = n.hidden, n.layers, n.heads, n.intermediate
			c.LayerNormEps = 1e-5
			c.PositionEmbeddingType = "rotary"
			c.TokenDropout = true
			c.MaskTokenID, c.PadTokenID = indexOf(tokenMask), indexOf(tokenPad)
			return c, true
		}
	}
	return Config{}, false
}

// Names lists the architectures Named knows, smallest first.
func Names() []string {
	names := make([]string, len(named))
	for i, n := range named {
		names[i] = n.name
	}
	return names
}
