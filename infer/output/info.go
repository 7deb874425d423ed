package output

import (
	"encoding/json"
	"fmt"
)

// PartVersion is the version of the part format this package writes and reads.
//
//	1  first
//	2  a checksum of the whole file
//	3  columns of several layers and pools, and arrays; older versions are not read any more
const PartVersion = 3

// DType is the element type of what a model computes.
type DType string

const (
	Float32 DType = "float32"
	Float16 DType = "float16"
)

// Size returns the bytes of one element.
func (t DType) Size() int {
	if t == Float16 {
		return 2
	}
	return 4
}

// Valid reports whether t is a type that can be written.
func (t DType) Valid() bool { return t == Float32 || t == Float16 }

// Holds reports whether v can be stored as a finite number.
func (t DType) Holds(v float32) bool {
	return v-v == 0 && (t != Float16 || -float16Overflow < v && v < float16Overflow)
}

// PartInfo is what a part says about itself: which records it accounts for and what computed them. It is stored as
// JSON in the Parquet key-value metadata under MetadataKey.
type PartInfo struct {
	Version      int         `json:"version"` // set by CreatePart
	PartID                   // set by the caller
	FirstItem    int64       `json:"first_item"`   // the block is items [FirstItem, FirstItem+Items) of the share
	Items        int64       `json:"items"`        // records of the block: rows + skips
	Rows         int64       `json:"rows"`         // set by Publish
	IndexDigest  string      `json:"index_digest"` // lower hex
	ModelDigest  string      `json:"model_digest"` // lower hex
	NumericClass string      `json:"numeric_class"`
	Columns      Columns     `json:"columns"`
	DType        DType       `json:"dtype"`
	Program      string      `json:"program"`          // name and version of the writer
	Arrays       []ArrayInfo `json:"arrays,omitempty"` // set by Publish, one for each column in an array
	Skips        []Skip      `json:"skips"`            // set by Publish, in ordinal order
}

// MetadataKey is the Parquet key-value metadata key of PartInfo.
const MetadataKey = "longfirst"

// Failed returns the records whose computation failed.
func (info PartInfo) Failed() []Skip {
	var failed []Skip
	for _, s := range info.Skips {
		if s.Reason == SkipFailed {
			failed = append(failed, s)
		}
	}
	return failed
}

func (info PartInfo) encode() (string, error) {
	b, err := json.Marshal(info)
	return string(b), err
}

func decodeInfo(path, text string) (PartInfo, error) {
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return PartInfo{}, fmt.Errorf("%s: metadata: %w: %v", path, ErrCorruptPart, err)
	}
	if version.Version != PartVersion {
		return PartInfo{}, fmt.Errorf("%s: %w: %d, this program reads %d", path, ErrPartVersion, version.Version, PartVersion)
	}
	var info PartInfo
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		return PartInfo{}, fmt.Errorf("%s: metadata: %w: %v", path, ErrCorruptPart, err)
	}
	switch {
	case info.Columns.check() != nil, !info.DType.Valid(), info.Rows < 0, info.Rows+int64(len(info.Skips)) != info.Items,
		len(info.Arrays) != len(info.Columns.InArrays()):
		return PartInfo{}, fmt.Errorf("%s: metadata: %w: version %d, dtype %q, columns %v, %d arrays, %d rows and %d skips for %d records",
			path, ErrCorruptPart, info.Version, info.DType, info.Columns, len(info.Arrays), info.Rows, len(info.Skips), info.Items)
	}
	return info, nil
}
