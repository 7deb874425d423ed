package esm2

import (
	"errors"
	"math"
	"slices"
	"testing"

	"longfirst/infer/backend"
	"longfirst/infer/cpu"
	"longfirst/infer/safetensors"
)

func verifiedModel(t *testing.T, dir string) *Model {
	t.Helper()
	b, err := cpu.New(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	m, err := Load(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// TestVerifySequence: the tokens are those that transformers computed the published values with.
func TestVerifySequence(t *testing.T) {
	v, err := parseVocabulary("<cls>\n<pad>\n<eos>\n<unk>\nL\nA\nG\nV\nS\nE\nR\nT\nI\nD\nP\nK\nQ\nN\nF\nY\nM\nH\nW\nC\nX\nB\nU\nZ\nO\n.\n-\n<null_1>\n<mask>\n")
	if err != nil {
		t.Fatal(err)
	}
	ids := []uint8{v.BOS}
	for _, letter := range verifySequence {
		id, _ := v.ID(string(letter))
		ids = append(ids, id)
	}
	if ids = append(ids, v.EOS); !slices.Equal(ids, []uint8{0, 6, 4, 13, 5, 4, 16, 12, 11, 7, 2}) {
		t.Errorf("token ids %v", ids)
	}
}

// TestVerifyFindsPublishedValues publishes what transformers computed from a golden model, in place of the weights that
// could not be downloaded.
func TestVerifyFindsPublishedValues(t *testing.T) {
	const dir = "testdata/goldens/head24-maskedlm"
	m := verifiedModel(t, dir)
	v, err := m.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if v.Published != nil || v.Agrees() || v.Largest == 0 {
		t.Errorf("a model nobody published: %+v", v)
	}

	// The first sequence of the golden is one residue; its hidden states are transformers'.
	set, err := safetensors.Open(dir + "/expected.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	tensor, ok := set.Tensor("hidden.2")
	if !ok {
		t.Fatal("no hidden.2")
	}
	width := m.Config().HiddenSize
	values := make([]float32, 3*width)
	backend.F32.Widen(values, tensor.Data[:12*width])
	known := Published{Model: "golden", Tolerance: 1e-4}
	for i := range known.Corner {
		for j := range known.Corner[i] {
			known.Corner[i][j] = float64(values[i*width+j])
		}
	}
	hidden, err := m.lastHidden("M")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		off    float64
		agrees bool
		err    error
	}{{0, true, nil}, {9e-5, true, nil}, {2e-4, false, ErrPublished}, {0.5, false, nil}} {
		var v Verification
		for i := range v.Corner {
			for j := range v.Corner[i] {
				v.Corner[i][j] = float64(hidden[i*width+j])
			}
		}
		v.Corner[2][1] += math.Copysign(c.off, v.Corner[2][1]-known.Corner[2][1])
		err := v.compare(dir, known)
		if v.Agrees() != c.agrees || !errors.Is(err, c.err) {
			t.Errorf("off by %g: agrees %t, error %v", c.off, v.Agrees(), err)
		}
	}
}

func TestPublishedFor(t *testing.T) {
	for _, name := range Names() {
		config, _ := Named(name)
		p, ok := PublishedFor(config)
		if ok != (name == "esm2_t6_8M") {
			t.Errorf("%s: published %t", name, ok)
		}
		if ok && (p.Corner[1][1] != 0.0053 || p.Corner[2][1] != -0.2499) {
			t.Errorf("%s: %v", name, p.Corner)
		}
	}
	config, _ := Named("esm2_t6_8M")
	config.TokenDropout = false
	if _, ok := PublishedFor(config); ok {
		t.Error("values were published for a model without token dropout")
	}
}
