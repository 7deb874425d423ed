package infer

import "errors"

var (
	// ErrOption is returned for a value an option does not have.
	ErrOption = errors.New("no such option")

	// ErrPool is returned for a pool that there is not.
	ErrPool = errors.New("no such pool")

	// ErrLayer is returned for a layer that the model does not have.
	ErrLayer = errors.New("no such layer")

	// ErrClassifier is returned for a file that is no classifier for the model's rows.
	ErrClassifier = errors.New("unusable classifier head")

	// ErrVocabulary is returned when a model's vocabulary can't be fed from FASTA bytes.
	ErrVocabulary = errors.New("unusable vocabulary")

	// ErrNoBlock is returned for a rank or block that the plan does not have.
	ErrNoBlock = errors.New("no such block")

	// ErrTooLong is returned for a record that takes more tokens than a batch can count.
	ErrTooLong = errors.New("record too long")

	// ErrBlockRule is returned for a manifest whose block rule this program does not know.
	ErrBlockRule = errors.New("unknown block rule")

	// ErrOrigin is returned for a row that is not of the record the index names.
	ErrOrigin = errors.New("row of another record")

	// ErrNotIndexed is returned for a FASTA file that is not as the index recorded it.
	ErrNotIndexed = errors.New("file is not the one that was indexed")
)
