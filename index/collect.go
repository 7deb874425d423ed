package index

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"time"
)

// DefaultMemory is what a build uses, about, where Options.Memory does not say.
const DefaultMemory = 512 << 20

// resources are what a collection may use.
type resources struct {
	memory   int64                   // bytes, about; DefaultMemory where not positive
	threads  int                     // goroutines that scan; all processors where not positive
	spill    string                  // path of the file for what does not fit in memory
	progress func(done, total int64) // of scanning, in bytes; nil for none
}

// threadsOf is the number of goroutines that an option asks for.
func threadsOf(option int) int {
	if option > 0 {
		return option
	}
	return runtime.GOMAXPROCS(0)
}

// collection is what is known of a list of FASTA files, its entries as streams.
type collection struct {
	resources
	files    []FileInfo
	recorded []fileFact
	facts    facts // longest and duplicates are known when all entries have been read, the digest when they are written

	run     run // scanned records in memory
	spill   *spill
	spilled []spilledRun
	donors  []stream
	idBytes int64

	duplicates *duplicateCounter

	// Bytes of FASTA.
	total    int64
	done     int64 // of files
	position int64 // reached
	reported int64
}

// progressBytes is how far a scan gets between two reports of its progress.
const progressBytes = 8 << 20

// collect scans those files of the list that no donation covers, in order. The collection must be closed.
func collect(ctx context.Context, list []source, given donation, r resources) (*collection, error) {
	r.memory = cmp.Or(max(r.memory, 0), DefaultMemory)
	r.threads = threadsOf(r.threads)
	c := &collection{
		resources: r,
		facts:     facts{builder: builderName(), created: time.Now().UTC().Truncate(time.Second)},
		donors:    given.streams,
		idBytes:   given.idBytes,
	}
	c.duplicates = newDuplicateCounter(r.memory/8, c.spillFile)
	for number, s := range list {
		if file, ok := given.files[number]; ok {
			c.total += file.info.TextSize
		} else {
			c.total += s.textSize()
		}
	}
	if err := c.collectFiles(ctx, list, given); err != nil {
		c.close()
		return nil, err
	}
	c.facts.pages = pagesOf(c.facts.records)
	return c, nil
}

func (c *collection) close() { c.spill.close() }

func (c *collection) report() {
	c.reported = c.position
	if c.progress != nil {
		c.progress(c.position, c.total)
	}
}

// limit spills the run when it has taken its part of the memory: half of it, since sorting, spilling and the garbage
// collector need some too.
func (c *collection) limit() error {
	if c.run.memory < c.memory/2 {
		return nil
	}
	return c.spillRun()
}

func (c *collection) spillRun() error {
	file, err := c.spillFile()
	if err != nil {
		return err
	}
	// Packed, a run takes about half of what it takes in memory, and what is still to be read as much per byte.
	packed := c.run.memory / 2
	perByte := float64(file.size+packed) / float64(max(c.position, 1))
	if err := file.reserve(packed + int64(perByte*float64(c.total-c.position))); err != nil {
		return err
	}
	written, err := file.writeRun(c.run.stream())
	if err != nil {
		return err
	}
	c.spilled = append(c.spilled, written)
	c.run = run{}
	runtime.GC() // the run is most of the memory: give it back before the next one grows
	return nil
}

// spillFile returns the file, which is made on first use.
func (c *collection) spillFile() (_ *spill, err error) {
	if c.spill == nil {
		c.spill, err = newSpill(c.resources.spill)
	}
	return c.spill, err
}

// entries returns all entries in index order, for one reading. Their ordinals count in the file.
func (c *collection) entries() (stream, error) {
	if len(c.spilled) > 0 && c.run.records > 0 {
		if err := c.spillRun(); err != nil {
			return nil, err
		}
	}
	streams := c.donors
	if c.run.records > 0 {
		streams = append(streams, c.run.stream())
	}
	// Read in pieces that are large for a disk, and small enough that those of all runs stay within the memory.
	buffer := min(max(c.memory/8/int64(len(c.spilled)+1), 16<<10), 1<<20)
	for _, run := range c.spilled {
		streams = append(streams, c.spill.stream(run, int(buffer)))
	}
	return merge(streams), nil
}

// content is what an index is written from.
func (c *collection) content() (content, error) {
	c.duplicates.expect(c.facts.records)
	pages, err := c.pages()
	pages.take = func(b *pageBatch) error {
		length, _, _ := splitKey(b.keys[0][:])
		return c.seen(length, b.hashes)
	}
	return content{files: c.files, recorded: c.recorded, size: c.expectedSize(), pages: pages, facts: c.finalFacts}, err
}

// pages makes the pages of all entries.
func (c *collection) pages() (pageSource, error) {
	if len(c.spilled) == 0 && len(c.donors) == 0 {
		return c.run.pages(c.threads), nil
	}
	entries, err := c.entries()
	fill := func(b *pageBatch, first, end int64) error {
		for page := first; page < end; page++ {
			rows, err := entries.block()
			if err != nil {
				return err
			}
			if want := min(pageEntries, c.facts.records-page*pageEntries); rows == nil || int64(rows.count) != want {
				return fmt.Errorf("%w: the index that gave entries has not as many as it says", ErrCorrupt)
			}
			b.hashes = rows.appendHashes(b.hashes)
			b.add(rows, page*pageEntries)
		}
		return nil
	}
	return pageSource{pages: c.facts.pages, threads: 1, fill: fill}, err
}

// seen takes note of entries for the facts that say something of all of them.
func (c *collection) seen(longest int64, ids []uint64) error {
	c.facts.longest = max(c.facts.longest, longest)
	return c.duplicates.add(ids)
}

// finalFacts returns the facts, when all entries have been seen.
func (c *collection) finalFacts() (facts, error) {
	var err error
	c.facts.duplicates, err = c.duplicates.count()
	return c.facts, err
}

// expectedSize estimates the bytes of the index file, rather more than less.
func (c *collection) expectedSize() int64 { return 64<<10 + c.idBytes + 32*c.facts.records }
