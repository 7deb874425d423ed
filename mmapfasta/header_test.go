package mmapfasta

import "testing"

func TestParseHeader(t *testing.T) {
	for _, test := range []struct{ line, id, description string }{
		{">a\n", "a", ""},
		{">a", "a", ""},
		{">a b c\n", "a", "b c"},
		{">a b c\r\n", "a", "b c"},
		{">a b\r", "a", "b"},
		{">a \t b  \n", "a", "b  "},
		{"> \va b\n", "a", "b"},
		{">a\x01b c\x01d e\n", "a", "b c\x01d e"},
		{">a b\x01c\n", "a", "b\x01c"},
		{">a\x01 b\n", "a", " b"},
		{">\x01b\n", "", "b"},
		{">\n", "", ""},
		{">", "", ""},
		{"> \t\r\n", "", ""},
		{">\xff\xc3 \xe2\x82\n", "\xff\xc3", "\xe2\x82"},
		{">>a >b\n", ">a", ">b"},
	} {
		id, description := ParseHeader([]byte(test.line))
		if string(id) != test.id || string(description) != test.description {
			t.Errorf("ParseHeader(%q) = %q, %q; want %q, %q", test.line, id, description, test.id, test.description)
		}
	}
}
