package output

// rowOverhead is what a row takes beside its embedding and texts: six int64, the lengths of three texts, and the levels
// of the embedding's list.
const rowOverhead = 6*8 + 3*4 + 8
