package index

import (
	"bytes"
	"context"
	"fmt"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/mapped"
)

// fillClasses makes the pages of the bucket classes from the FASTA files of x, in file order: what is larger than memory
// is so read from end to end.
func fillClasses(ctx context.Context, x *Index, r resources, put putFunc) ([]byte, error) {
	c := &classCounter{x: x, resources: r, put: put}
	for number := range x.files {
		c.total += x.files[number].TextSize
	}
	for number := range x.files {
		if err := c.file(ctx, number); err != nil {
			return nil, err
		}
	}
	if err := c.write(); err != nil {
		return nil, err
	}
	return c.totals.encode(), nil
}

type classCounter struct {
	resources
	x           *Index
	put         putFunc
	totals      ClassTotals
	records     []Classes // of the next page
	ordinal     int64     // of the first of them
	page        []byte
	done, total int64 // bytes
}

// file counts the records of a file, which must have the content that was indexed.
func (c *classCounter) file(ctx context.Context, number int) error {
	info := c.x.files[number]
	file, err := c.x.OpenText(ctx, number)
	if err != nil {
		return err
	}
	defer file.Close()
	options := mmapfasta.Options{Threads: c.threads, Progress: func(done int64) {
		if c.progress != nil {
			c.progress(c.done+done, c.total)
		}
	}}
	sum, err := mmapfasta.ScanBatches(ctx, file.Path(), options, func(b *mmapfasta.Batch) error {
		return mapped.Guard(func() error { return c.batch(file, b) }, file)
	})
	if err != nil {
		return err
	}
	if sum.Hash != info.Hash || sum.Records != info.Records {
		return c.x.mismatch("%s has other content than was indexed", info.Path)
	}
	c.done += info.TextSize
	return file.Unchanged()
}

func (c *classCounter) batch(file *mapped.File, b *mmapfasta.Batch) error {
	var scratch []byte
	for i := range b.Spans {
		body, err := file.View(b.Spans[i].BodyOffset, b.Spans[i].BodyEnd, &scratch)
		if err != nil {
			return err
		}
		counts := ClassesOf(body, b.Spans[i].Length)
		c.totals.add(&counts, b.ID(i))
		if c.records = append(c.records, counts); len(c.records) == classPageRecords {
			if err := c.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes a page, if it has records.
func (c *classCounter) write() error {
	if len(c.records) == 0 {
		return nil
	}
	key := classKey(c.ordinal)
	c.page = appendClassPage(c.page[:0], key, c.records)
	c.ordinal += int64(len(c.records))
	c.records = c.records[:0]
	return c.put(key[:], c.page)
}

// EachClasses calls take with the classes of every record in file order: ordinal 0 first. Where they have not been counted
// it counts them. What take gets is valid during the call.
//
// Errors: those of CountClasses, take's own.
func (x *Index) EachClasses(ctx context.Context, take func(ordinal int64, c *Classes) error) error {
	e := x.classesExtension()
	head, err := x.extended(e)
	if err != nil {
		return err
	}
	var ordinal int64
	var records []Classes
	page := func(key, value []byte) error {
		expected := classKey(ordinal)
		if !bytes.Equal(key, expected[:]) {
			return x.extensionCorrupt(e, errPageMissing)
		}
		if records, err = decodeClassPage(records, key, value); err != nil {
			return x.extensionCorrupt(e, err)
		}
		for i := range records {
			if err := take(ordinal+int64(i), &records[i]); err != nil {
				return err
			}
		}
		ordinal += int64(len(records))
		return nil
	}
	if head == nil {
		_, err = fillClasses(ctx, x, (&Options{}).resourcesBeside(x.path), page)
	} else {
		err = x.eachExtensionPage(ctx, e, page)
	}
	if err == nil && ordinal != x.Len() {
		err = x.extensionCorrupt(e, fmt.Errorf("it has %d records, not %d", ordinal, x.Len()))
	}
	return err
}
