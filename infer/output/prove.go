package output

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Block is what the index says one part must account for.
type Block struct {
	PartID
	FirstItem int64
	Ordinals  []int64 // of the block's records, in any order; valid until the next block
}

// Proof is what a data set holds, measured against the index.
type Proof struct {
	Records  int64 // of all blocks
	Embedded int64 // have a row
	Empty    int64 // have nothing to embed
	Failed   int64
	Skips    []Skip           // empty and failed, by ordinal
	Missing  []PartID         // blocks without a part
	Problems []Problem        // parts that do not hold what they must
	Classes  map[string]int64 // rows by numeric class
	Foreign  []string         // files that do not belong into the folder of the parts
}

// Problem is a part at fault.
type Problem struct {
	Path string
	Err  error
}

// Complete reports whether every record is embedded or empty, exactly once.
func (p Proof) Complete() bool {
	return len(p.Missing) == 0 && len(p.Problems) == 0 && p.Embedded+p.Empty == p.Records
}

// Err says what is in the way of completeness: nil, or an ErrIncomplete.
func (p Proof) Err() error {
	if p.Complete() {
		return nil
	}
	err := fmt.Errorf("%w: %d of %d records embedded, %d empty, %d failed; %d blocks missing, %d parts at fault",
		ErrIncomplete, p.Embedded, p.Records, p.Empty, p.Failed, len(p.Missing), len(p.Problems))
	if len(p.Problems) > 0 {
		err = fmt.Errorf("%w; first: %w", err, p.Problems[0].Err)
	}
	return err
}

// Prove compares the parts with the blocks they must account for: every record of a block is a row or a skip of its
// part, exactly once, and the part was made from the manifest's index, model and options. The blocks together are the
// index, each record in one block. An error is one of reading the blocks or the folder; what is wrong with parts is in
// the proof. Only the ordinals of the rows are read, unless every byte of every part is to be compared with the part's
// checksum.
func Prove(ctx context.Context, dir Dir, m Manifest, blocks iter.Seq2[Block, error], checksums bool) (Proof, error) {
	parts, foreign, err := dir.WholeParts(m.Options.Columns)
	if err != nil {
		return Proof{}, err
	}
	proof, err := prove(ctx, parts, m, blocks, checksums)
	if err != nil {
		return proof, err
	}
	proof.Foreign = foreign
	for _, path := range parts {
		proof.Problems = append(proof.Problems, Problem{path, fmt.Errorf("%s: no block of the index has this part", path)})
	}
	slices.SortFunc(proof.Problems, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return proof, nil
}

// ProveSome is Prove for a few of the blocks: the proof says nothing of others and their parts.
func ProveSome(ctx context.Context, dir Dir, m Manifest, blocks iter.Seq2[Block, error]) (Proof, error) {
	parts, _, err := dir.WholeParts(m.Options.Columns)
	if err != nil {
		return Proof{}, err
	}
	return prove(ctx, parts, m, blocks, false)
}

// prove removes from parts those that blocks account for.
func prove(ctx context.Context, parts map[PartID]string, m Manifest, blocks iter.Seq2[Block, error], checksums bool) (Proof, error) {
	proof := Proof{Classes: map[string]int64{}}
	for block, err := range blocks {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return proof, err
		}
		proof.Records += int64(len(block.Ordinals))
		path, ok := parts[block.PartID]
		if !ok {
			proof.Missing = append(proof.Missing, block.PartID)
			continue
		}
		delete(parts, block.PartID)
		info, err := provePart(path, m, block, checksums)
		if err != nil {
			proof.Problems = append(proof.Problems, Problem{path, err})
			continue
		}
		proof.Embedded += info.Rows
		proof.Classes[info.NumericClass] += info.Rows
		proof.Skips = append(proof.Skips, info.Skips...)
	}
	for _, s := range proof.Skips {
		if s.Reason == SkipEmpty {
			proof.Empty++
		} else {
			proof.Failed++
		}
	}
	slices.SortFunc(proof.Skips, func(a, b Skip) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	slices.SortFunc(proof.Missing, PartID.Compare)
	slices.SortFunc(proof.Problems, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return proof, nil
}

// provePart checks one part against its block.
func provePart(path string, m Manifest, block Block, checksum bool) (PartInfo, error) {
	if checksum { // before anything is made of the bytes
		if err := CheckPart(path); err != nil {
			return PartInfo{}, err
		}
	}
	part, err := OpenPart(path)
	if err != nil {
		return PartInfo{}, err
	}
	defer part.Close()
	if err := part.Info.matches(m, block); err != nil {
		return PartInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	if err := part.checkArrays(checksum); err != nil {
		return PartInfo{}, err
	}
	found := make([]int64, 0, part.Info.Items)
	for ordinal, err := range part.Ordinals() {
		if err != nil {
			return PartInfo{}, err
		}
		found = append(found, ordinal)
	}
	for _, s := range part.Info.Skips {
		found = append(found, s.Ordinal)
	}
	if err := equalOrdinals(found, slices.Clone(block.Ordinals)); err != nil {
		return PartInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	return part.Info, nil
}

// matches compares where the part comes from with where it must come from. The numeric class is not compared: whether
// classes may be mixed is the caller's to say.
func (info PartInfo) matches(m Manifest, block Block) error {
	var errs []error
	add := func(name string, has, wants any) {
		if has != wants {
			errs = append(errs, fmt.Errorf("%s is %v, want %v", name, has, wants))
		}
	}
	add("block", info.PartID, block.PartID)
	add("first item", info.FirstItem, block.FirstItem)
	add("index digest", info.IndexDigest, m.Index.Digest)
	add("model digest", info.ModelDigest, m.Model.Digest)
	add("element type", info.DType, m.Options.DType)
	if !info.Columns.Equal(m.Options.Columns) {
		errs = append(errs, fmt.Errorf("columns are %v, want %v", []Column(info.Columns), []Column(m.Options.Columns)))
	}
	return errors.Join(errs...)
}

// equalOrdinals reports the first ordinal that is not in both lists equally often. It sorts them.
func equalOrdinals(found, expected []int64) error {
	slices.Sort(found)
	slices.Sort(expected)
	for i := range max(len(found), len(expected)) {
		switch {
		case i > 0 && i < len(found) && found[i] == found[i-1]:
			return fmt.Errorf("record with ordinal %d is there twice", found[i])
		case i == len(found) || i < len(expected) && expected[i] < found[i]:
			return fmt.Errorf("record with ordinal %d is missing", expected[i])
		case i == len(expected) || found[i] < expected[i]:
			return fmt.Errorf("record with ordinal %d belongs to another block", found[i])
		}
	}
	return nil
}

// WriteSuccess writes OUT/_SUCCESS for a complete proof and removes what interrupted writers of parts left in OUT/tmp, on
// whatever host: where every part is there, none is being written. Without a complete proof it removes an older _SUCCESS and returns an ErrIncomplete.
func WriteSuccess(dir Dir, proof Proof) error {
	if err := proof.Err(); err != nil {
		return errors.Join(err, dir.RemoveSuccess())
	}
	text, err := json.Marshal(struct {
		Records  int64 `json:"records"`
		Embedded int64 `json:"embedded"`
		Empty    int64 `json:"empty"`
	}{proof.Records, proof.Embedded, proof.Empty})
	if err != nil {
		return err
	}
	if err := dir.writeAtomic(dir.Success(), append(text, '\n')); err != nil {
		return err
	}
	return dir.removeTemporary(func(t temporary) bool {
		_, part := ParsePartName(t.target)
		_, array := ParseArrayName(t.target)
		return part || array
	})
}
