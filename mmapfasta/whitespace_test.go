package mmapfasta

import "testing"

func TestWhitespace(t *testing.T) {
	for c := range 256 {
		want := c == ' ' || c >= '\t' && c <= '\r'
		if isSpace[byte(c)] != want {
			t.Errorf("isSpace[%#x] = %v", c, !want)
		}
	}
}

func TestAppendResidues(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{"", ""},
		{"\n", ""},
		{"ACGT", "ACGT"},
		{"ACG\nT\n", "ACGT"},
		{"ACG\r\nT\r\n", "ACGT"},
		{"\n\n A C\tG\vT\f\r", "ACGT"},
		{"a*-.X\x01\x7f\xa0\n", "a*-.X\x01\x7f\xa0"},
	} {
		if got := string(AppendResidues([]byte("before "), []byte(test.body))); got != "before "+test.want {
			t.Errorf("AppendResidues(%q) = %q, want %q after what was there", test.body, got, test.want)
		}
	}
}

func TestAppendResiduesDoesNotAllocate(t *testing.T) {
	body := []byte("MKTAYIAKQRQISFVKSHFSRQ\r\nLEERLGLIEVQ\r\n")
	sequence := make([]byte, 0, len(body))
	if n := testing.AllocsPerRun(100, func() { sequence = AppendResidues(sequence[:0], body) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
