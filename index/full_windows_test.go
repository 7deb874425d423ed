package index

// limitFileSize does nothing: Windows has no such limit.
func limitFileSize() {}
