package index

import (
	"context"
	"fmt"
	"time"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/inorder"
)

// collectFiles scans the files of the list that are not given, a large one on all threads, small ones side by side.
func (c *collection) collectFiles(ctx context.Context, list []source, given donation) error {
	for number := 0; number < len(list); {
		if file, ok := given.files[number]; ok {
			c.finish(file.info, file.fact)
			number++
			continue
		}
		small := number
		for small < len(list) && list[small].textSize() <= smallFile && !given.has(small) {
			small++
		}
		if small > number+1 {
			if err := c.scanSmall(ctx, list, number, small); err != nil {
				return err
			}
			number = small
			continue
		}
		if err := c.scanLarge(ctx, number, list[number]); err != nil {
			return err
		}
		number++
	}
	return nil
}

// smallFile is the bytes up to which a file is scanned on one thread.
const smallFile = 1 << 20

func (c *collection) scanLarge(ctx context.Context, number int, s source) error {
	began := time.Now()
	var ordinal int64
	options := mmapfasta.Options{Threads: c.threads, Progress: func(done int64) {
		if c.position = c.done + done; c.position >= c.reported+progressBytes {
			c.report()
		}
	}}
	sum, err := mmapfasta.ScanBatches(ctx, s.textPath(), options, func(b *mmapfasta.Batch) error {
		ordinal += int64(b.Len())
		return c.add(b, number, ordinal-int64(b.Len()))
	})
	if err != nil {
		return s.located(err)
	}
	return c.finishScan(s, number, sum, ordinal, began)
}

// scannedFile is a small file when it has been scanned.
type scannedFile struct {
	began   time.Time
	batches []*mmapfasta.Batch
	sum     mmapfasta.Summary
	err     error
}

// scanSmall scans the files [first, end) of the list.
func (c *collection) scanSmall(ctx context.Context, list []source, first, end int) error {
	scan := func(f *scannedFile, i int64) {
		*f = scannedFile{began: time.Now()}
		f.sum, f.err = mmapfasta.ScanBatches(ctx, list[first+int(i)].textPath(), mmapfasta.Options{}, func(b *mmapfasta.Batch) error {
			f.batches = append(f.batches, b)
			return nil
		})
	}
	take := func(f *scannedFile, i int64) error {
		number := first + int(i)
		if f.err != nil {
			return list[number].located(f.err)
		}
		c.position = c.done + f.sum.Stamp.Size
		var ordinal int64
		for _, b := range f.batches {
			if err := c.add(b, number, ordinal); err != nil {
				return err
			}
			ordinal += int64(b.Len())
		}
		return c.finishScan(list[number], number, f.sum, ordinal, f.began)
	}
	return inorder.Do(int64(end-first), c.threads, make([]scannedFile, 2*c.threads), scan, take)
}

// add takes records that begin at ordinal in their file.
func (c *collection) add(b *mmapfasta.Batch, number int, ordinal int64) error {
	c.run.add(b, number, ordinal)
	c.idBytes += b.IDBytes()
	return c.limit()
}

func (c *collection) finishScan(s source, number int, sum mmapfasta.Summary, records int64, began time.Time) error {
	if sum.Records != records {
		return fmt.Errorf("%s: scan handed out %d of %d records", s.path, records, sum.Records)
	}
	file := FileInfo{
		Path: s.path, Number: number, Stamp: sum.Stamp, TextSize: sum.Stamp.Size, Hash: sum.Hash,
		Records: sum.Records, Residues: sum.Residues,
	}
	now := newSeen(sum.Stamp, sum.Hash, began)
	if s.text != nil {
		if now.Hash != s.text.fact.Text.Hash {
			return fmt.Errorf("%s: %w: it is not what %s was decompressed to; build it again with --rehash", s.text.path, mmapfasta.ErrChanged, s.path)
		}
		file.Format, file.Stamp = s.text.fact.format(), s.text.fact.Compressed.stamp()
		now = s.text.fact.Compressed
		now.Hash = s.text.fact.Text.Hash
	}
	c.finish(file, newFileFact(file, now))
	return nil
}

// finish notes that all of the next file of the list is known.
func (c *collection) finish(file FileInfo, fact fileFact) {
	file.FirstOrdinal = c.facts.records
	c.files = append(c.files, file)
	c.recorded = append(c.recorded, fact)
	c.facts.records += file.Records
	c.facts.residues += file.Residues
	c.done += file.TextSize
	c.position = c.done
	c.report()
}
