//go:build amd64 && !purego

package cpu

// rotaryPanels holds the cosine and sine of every token of a batch, as activations of width D/2.
type rotaryPanels struct {
	frequencies *vector
	cos, sin    panels
}

// rotation returns the tokens' rotations. All layers of a model share them.
func (s *panelStream) rotation(frequencies *vector) *rotaryPanels {
	if s.turned != nil && s.turned.frequencies == frequencies {
		return s.turned
	}
	columns, half := s.geometry.panel, frequencies.Len()
	table := s.backend.rotation(frequencies, s.longest)
	size := s.panels() * half * columns
	turned := &s.memory
	if s.turned != nil {
		turned = new(rotaryPanels) // operations that are queued read the memory
	}
	turned.frequencies = frequencies
	turned.cos = panels{half, columns, growAligned(&turned.cos.values, size)}
	turned.sin = panels{half, columns, growAligned(&turned.sin.values, size)}
	token := 0
	for sequence := range s.batch.Sequences() {
		length := int(s.batch.CuSeqlens[sequence+1] - s.batch.CuSeqlens[sequence])
		for position := range length {
			at := token/columns*half*columns + token%columns
			for i := range half {
				turned.cos.values[at+i*columns] = table.cos[position*half+i]
				turned.sin.values[at+i*columns] = table.sin[position*half+i]
			}
			token++
		}
	}
	s.turned = turned
	return turned
}
