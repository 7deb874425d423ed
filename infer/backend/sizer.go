package backend

// Sizer is a Backend whose batches are as large as its memory allows, up to what keeps it busy.
type Sizer interface {
	// BatchTokens returns how many tokens a batch had best have, on so many streams at a time whose activations are width
	// numbers wide in all.
	BatchTokens(width, streams int) (int, error)
}
