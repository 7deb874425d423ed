package peers

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

// tolerance is what a value of an embedding may differ by between two programs, as a share of the row's largest value.
const tolerance = 1e-4

// compareRows compares two files of embeddings [records, H], raw little-endian float32.
func compareRows(a, b string, records int) error {
	rows, err := readRows(a)
	if err != nil {
		return err
	}
	others, err := readRows(b)
	if err != nil {
		return err
	}
	if records == 0 || len(rows) == 0 || len(rows) != len(others) || len(rows)%records != 0 {
		return fmt.Errorf("%d and %d numbers for %d records", len(rows), len(others), records)
	}
	width := len(rows) / records
	for i := range records {
		row, other := rows[i*width:(i+1)*width], others[i*width:(i+1)*width]
		var largest, difference float64
		for k, x := range row {
			largest = max(largest, math.Abs(float64(x)))
			difference = max(difference, math.Abs(float64(x)-float64(other[k])))
		}
		if !(difference <= tolerance*largest) || largest == 0 {
			return fmt.Errorf("record %d: the embeddings differ by %.2g of the largest value", i, difference/largest)
		}
	}
	return nil
}

func readRows(path string) ([]float32, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := make([]float32, len(data)/4)
	for i := range rows {
		rows[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return rows, nil
}

// writeRows writes embeddings the way compareRows reads them.
func writeRows(path string, rows [][]float32) error {
	var data []byte
	for _, row := range rows {
		for _, x := range row {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
	}
	return os.WriteFile(path, data, 0o666)
}
