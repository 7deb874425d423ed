// Package index keeps what is known about the records of FASTA files in one bbolt file, sorted longest first, so that
// a record is found and read without a scan and the sorted order can be dealt out by stride.
//
// # Words
//
// The ordinal of a record is its place in file order: the files as given, then the offset in the file. Its position is
// its place in the sorted order: length descending, then ordinal. Equal input gives an equal order, byte for byte.
//
// The text of a FASTA file is its bytes or, where the file is compressed, what they decompress to. All offsets count in
// the text. Size and modification time are always those of the file that the user named; the hash is that of the text.
// Texts of compressed files lie in the cache folder, each with its facts beside it, and can be made again at any time:
// the index does not say where they are.
//
// # File
//
// The file is a bbolt database with pages of 4096 bytes and three buckets. Bytes [80, 80+len(mark)) of its first page,
// which bbolt leaves unused, hold a mark by which a damaged index is still known as ours.
//
//	bucket   key                                  value
//	meta     name of a fact                       the fact as readable text (see facts)
//	mtime    FASTA path                           what was seen of the file, JSON (see fileFact)
//	length   ^length, position of a page's first  a page of entries
//	         record: two big-endian uint64
//
// A FASTA path is relative to the folder of the index where the file lies below it, with slashes, and absolute
// elsewhere: a folder that holds both can be moved.
//
// Under bbolt's byte order ^length sorts longest first. Every page but the last holds the number of entries that the
// fact page_entries gives, so the page of a position is known; pages are numbered from 0 in key order.
//
// # Page
//
// A page holds its entries, each a row of columns and the id. A value of a column is the column's minimum plus an unsigned
// integer of 0 to 8 bytes, the width being chosen per page and column (frame of reference): sorted neighbours are alike,
// so most columns take a byte or none, and nothing has a limit of size. Each entry has a checksum of its own: it is read
// and checked without the rest of its page. Integers are little-endian, ranges half-open.
//
//	bytes              content
//	[0, 4)             CRC-32C (Castagnoli) over the key and bytes [4, 13+9c)
//	[4, 6)             page version, 4
//	[6, 8)             number of columns c, 8
//	[8, 12)            number of entries n, at least 1
//	[12, 13)           width w of the ends in the table, 0 to 4 bytes
//	[13, 13+9c)        columns: of each the minimum, uint64, and the width in bytes, uint8
//	then, per entry    the table: CRC-32C of the entry, starting from its number, uint32, and where its id ends among the
//	                   ids of all entries, w bytes: what is wrong in the table makes the entries' checksums wrong
//	then, per entry    the integers of its columns, then its id
//
//	column  value
//	0       length, residues
//	1       file number, from 0
//	2       ordinal in the file
//	3       byte offset of '>' in the file
//	4       bytes from there to the body
//	5       bytes of the body beyond its residues: line ends and blanks
//	6       residues per line, 0 where the lines are not alike
//	7       bytes per line beyond its residues
//
// # On demand
//
// Two more buckets are made when somebody first asks for what they hold, AddNames and CountClasses, and are not there in
// an index that is built anew. Entries, digest and format version stay as they are. The file is not changed in place: a
// copy of it gets the bucket and takes its place, as a build does, so that a reader keeps what it has open.
//
//	bucket   key                                  value
//	names    hash of a page's last record,        a page of hashes of ids and positions, see namePage
//	         number of the page: two big-endian
//	         uint64
//	classes  ordinal of a page's first record,    a page of counts, see decodeClassPage
//	         big-endian uint64
//	both     0, a single byte                     the head: version, number of pages, digest of the index, see extensionHead
//
// A record is found by the 64-bit XXH3 of its id, and the id of the entry decides. Names take 8 bytes a record, and are
// sorted within a quarter of Options.Memory, beyond which they are spilled and merged.
//
// # Trust
//
// bbolt notices neither a flipped bit in a value nor a file cut short, and a damaged meta page silently reopens the
// transaction before. So: both meta pages and the tree of branch pages are checked before the file is mapped, the last
// transaction is committed twice so that both meta pages name the whole index, every page and entry carries a CRC,
// the two small buckets carry one together, those made on demand one a page and one for the head, and the fact complete
// is written last. Whatever a damaged file still does to
// bbolt, a panic or a memory fault, becomes ErrCorrupt.
//
// # Scale
//
// No number is limited but where that is said: lengths, offsets and the numbers of files and records may be as large as
// an int64 allows, divided by 4. An id has at most 1 MiB, a longer one is refused.
//
// Scanned records stay in memory, about 80 bytes and the id each, up to half of Options.Memory. Beyond it they are sorted
// and spilled, as pages, to a file beside the index or in Options.Temp, and merged when all files are read; the hashes
// of ids, 8 bytes each, are spilled beyond a sixteenth. The spill takes what the index takes, and 8 bytes a record: free
// space is compared with the need before the first spill and before the index is written, and the file has no name
// where the system allows that, so nothing is left of it after a kill. Besides Options.Memory a build uses 512 KiB and
// about 1.5 MB per thread.
//
// What an index needs, at 40 bytes a record with ids of 21 bytes (UniRef's ids are shorter):
//
//	               records   FASTA    index    spill    memory
//	Swiss-Prot     0.6 M     0.3 GB   24 MB    none     0.1 GB
//	UniRef50       70 M      25 GB    3 GB     3.5 GB   0.5 GB
//	UniRef100      450 M     190 GB   19 GB    23 GB    0.5 GB
//
// The memory holds for any number of records: 10 M were built within 309 MB, 164 MB where 128 MiB were allowed, 100 M
// within 380 MB, at a microsecond of one core each, reading the FASTA included.
//
// An index that is built takes the entries of files that it shares with an index beside them, byte for byte, so that of
// a hundred files one changed is one scanned.
//
// # History of FormatVersion
//
//	1  first format
//	2  rows in groups, which are checked one by one; content hash over the hashes of chunks
//	3  compressed files: their format, and the size of their text
//	4  a page's group table is checked through its groups, its checksum is that of the columns alone; the digest covers both
//	5  each entry of a page has its own checksum; the size of an id is told by the table
package index

// FormatVersion is the version of the file that this package writes and reads.
const FormatVersion = 5
