package output

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// PartID names a part: block number Block of the share of rank Rank in a world of size World.
type PartID struct {
	Rank  int `json:"rank"`
	World int `json:"world_size"`
	Block int `json:"block"`
}

// Extensions of the files of a part.
const (
	partExtension  = ".parquet"
	arrayExtension = ".npy"
)

// Name returns the file name, part-rRRRRR-of-NNNNN-bBBBBBB.parquet. Numbers are padded with zeros to the width shown
// and may be wider.
func (id PartID) Name() string { return id.stem() + partExtension }

// ArrayName returns the name of the part's array files, which are in a folder for each column.
func (id PartID) ArrayName() string { return id.stem() + arrayExtension }

func (id PartID) stem() string {
	return fmt.Sprintf("part-r%05d-of-%05d-b%06d", id.Rank, id.World, id.Block)
}

func (id PartID) String() string {
	return fmt.Sprintf("rank %d of %d, block %d", id.Rank, id.World, id.Block)
}

// Compare orders parts by world size, rank, block.
func (id PartID) Compare(other PartID) int {
	return cmp.Or(cmp.Compare(id.World, other.World), cmp.Compare(id.Rank, other.Rank), cmp.Compare(id.Block, other.Block))
}

// ParsePartName reads a file name made by Name. It accepts nothing else, so that a part has exactly one name.
func ParsePartName(name string) (PartID, bool) { return parseName(name, partExtension) }

// ParseArrayName reads a file name made by ArrayName, and nothing else.
func ParseArrayName(name string) (PartID, bool) { return parseName(name, arrayExtension) }

func parseName(name, extension string) (PartID, bool) {
	s, ok := strings.CutPrefix(name, "part-r")
	if !ok {
		return PartID{}, false
	}
	if s, ok = strings.CutSuffix(s, extension); !ok {
		return PartID{}, false
	}
	rank, s, ok1 := strings.Cut(s, "-of-")
	world, block, ok2 := strings.Cut(s, "-b")
	if !ok1 || !ok2 {
		return PartID{}, false
	}
	var id PartID
	for _, f := range []struct {
		text string
		to   *int
	}{{rank, &id.Rank}, {world, &id.World}, {block, &id.Block}} {
		n, err := strconv.ParseUint(f.text, 10, 31)
		if err != nil {
			return PartID{}, false
		}
		*f.to = int(n)
	}
	if id.Rank >= id.World || id.stem()+extension != name {
		return PartID{}, false
	}
	return id, true
}
