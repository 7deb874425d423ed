package esm2

// Published are hidden states that others computed with weights that anybody can download.
type Published struct {
	Model     string // on Hugging Face
	Source    string
	Corner    [3][3]float64 // the first dimensions of the last hidden states of verifySequence's first tokens
	Tolerance float64       // of each, with float32 weights
}

// PublishedFor returns the values known for the model with a config, which other weights may have as well.
func PublishedFor(c Config) (Published, bool) {
	for name, p := range published {
		if known, _ := Named(name); known.numerics() == c.numerics() {
			return p, true
		}
	}
	return Published{}, false
}

// published is by the name of the config.
var published = map[string]Published{
	"esm2_t6_8M": {
		Model:  "facebook/esm2_t6_8M_UR50D",
		Source: "transformers, tests/models/esm/test_modeling_esm.py, test_inference_no_head",
		Corner: [3][3]float64{
			{0.1444, 0.5413, 0.3248},
			{0.3034, 0.0053, 0.3108},
			{0.3228, -0.2499, 0.3415},
		},
		Tolerance: 1e-4,
	},
}
