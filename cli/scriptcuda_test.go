package main

import (
	"os"

	"longfirst/infer/cuda"
)

// standinVariable names the folder with the stand-in for the CUDA driver (make test-cuda), which scripts have as $STANDIN.
const standinVariable = "LONGFIRST_STANDIN"

// condition adds [cuda], a program built with GPU support, and [standin], one that can be run on the stand-in driver, to
// what scriptCondition knows.
func condition(name string) (bool, error) {
	switch name {
	case "cuda":
		return cuda.Built, nil
	case "standin":
		return cuda.Built && os.Getenv(standinVariable) != "", nil
	}
	return scriptCondition(name)
}

// cudaVariables are passed on from scripts to programs.
var cudaVariables = []string{"LD_LIBRARY_PATH", "LONGFIRST_COMPUTE", "LONGFIRST_CUBLASLT", "LONGFIRST_CUDA_CHECK", "LONGFIRST_STANDIN_CUBLASLT", "LONGFIRST_WGMMA", "LONGFIRST_STANDIN_CALLS", "LONGFIRST_STANDIN_CAPABILITY",
	"LONGFIRST_STANDIN_DEVICES", "LONGFIRST_STANDIN_FAULT", "LONGFIRST_STANDIN_MEMORY", "LONGFIRST_STANDIN_ORDER"}
