package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func cmdSharpen(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, 2)
	path, factor := ts.MkAbs(args[0]), float32(number(ts, args[1]))
	content, err := os.ReadFile(path)
	ts.Check(err)
	begin := 8 + binary.LittleEndian.Uint64(content)
	tensors := make(map[string]json.RawMessage)
	ts.Check(json.Unmarshal(content[8:begin], &tensors))
	for name, text := range tensors {
		if !strings.HasSuffix(name, ".query.weight") {
			continue
		}
		var tensor struct {
			DataOffsets [2]uint64 `json:"data_offsets"`
		}
		ts.Check(json.Unmarshal(text, &tensor))
		for data := content[begin+tensor.DataOffsets[0] : begin+tensor.DataOffsets[1]]; len(data) > 0; data = data[4:] {
			value := math.Float32frombits(binary.LittleEndian.Uint32(data))
			binary.LittleEndian.PutUint32(data, math.Float32bits(factor*value))
		}
	}
	ts.Check(os.WriteFile(path, content, 0o666))
}
