package index

import "errors"

// Opening an index.
var (
	// ErrNotIndex: the file is something else. It is never overwritten.
	ErrNotIndex = errors.New("not a longfirst index")
	// ErrVersion: the index was written in another format version.
	ErrVersion = errors.New("unsupported index version")
	// ErrCorrupt: the index is damaged or cut short.
	ErrCorrupt = errors.New("index is damaged")
	// ErrLocked: another program holds the file locked for writing.
	ErrLocked = errors.New("index is locked by another program")
	// ErrNoLocks: the file system has no file locks, which bbolt needs even to read.
	ErrNoLocks = errors.New("file system does not support file locks")
)

// Building or reusing an index.
var (
	// ErrNoFiles: the list of FASTA files is empty.
	ErrNoFiles = errors.New("no FASTA files given")
	// ErrRepeated: one FASTA file stands twice in the list.
	ErrRepeated = errors.New("FASTA file given twice")
	// ErrEmpty: standard input has no bytes.
	ErrEmpty = errors.New("no input")
	// ErrNoSpace: a folder has less free space than is needed of it.
	ErrNoSpace = errors.New("not enough free space")
)

// Using an index.
var (
	// ErrRange: a position or a range lies outside the index.
	ErrRange = errors.New("position outside the index")
	// ErrMismatch: the index does not say what the FASTA files say.
	ErrMismatch = errors.New("index does not match its FASTA files")
	// ErrClosed: the index was used after Close.
	ErrClosed = errors.New("index is closed")
)

// Why a page is damaged; always wrapped in ErrCorrupt.
var (
	errPageShort   = errors.New("page is cut short")
	errPageCRC     = errors.New("page fails its checksum")
	errPageVersion = errors.New("page has an unknown version")
	errPageShape   = errors.New("page has an impossible layout")
	errPageKey     = errors.New("page does not belong to its key")
	errPageEntry   = errors.New("page holds an impossible entry")
	errPageMissing = errors.New("page is missing")
)
