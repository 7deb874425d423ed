package main

import "longfirst/infer/cuda"

// condition adds [cuda], a program built with GPU support, to what scriptCondition knows.
func condition(name string) (bool, error) {
	if name == "cuda" {
		return cuda.Built, nil
	}
	return scriptCondition(name)
}
