package infer

import "math"

// logSoftmax turns the logits of each token, [T, V], into log-probabilities: less the logarithm of the sum of their
// exponentials, in float64.
func logSoftmax(logits []float32, v int) {
	for at := 0; at < len(logits); at += v {
		row := logits[at : at+v]
		largest := math.Inf(-1)
		for _, x := range row {
			largest = max(largest, float64(x))
		}
		var sum float64
		for _, x := range row {
			sum += math.Exp(float64(x) - largest)
		}
		total := largest + math.Log(sum)
		for i, x := range row {
			row[i] = float32(float64(x) - total)
		}
	}
}

// pseudoPerplexity returns exp of minus the mean of what the log-probabilities [n, V] give the tokens [n] that stand there.
func pseudoPerplexity(logProbs []float32, tokens []uint8) float32 {
	v := len(logProbs) / len(tokens)
	var sum float64
	for i, token := range tokens {
		sum += float64(logProbs[i*v+int(token)])
	}
	return float32(math.Exp(-sum / float64(len(tokens))))
}
