# Everything a developer or a newcomer types. Go is the only tool needed, but where a target says otherwise.

GO      ?= go
BIN     := bin/longfirst
MODEL   ?=
CUDA    ?= 12
export CGO_ENABLED ?= 0

# with-cuda sets the environment to compile with the headers of a CUDA version. compat comes first: its cuda.h includes theirs.
with-cuda = CGO_ENABLED=1 CGO_CFLAGS="-O2 -I$(CURDIR)/infer/cuda/compat -I$$(bash infer/cuda/headers.sh bin/cuda-headers $(1))"

.PHONY: test-arm64 build build-cuda demo test chaos debug test-interop test-slurm test-mpi test-cluster-tools test-avx512-emulated vet staticcheck format race purego vet-cuda standin test-cuda gpu-check-kit gpu-check gpu-check-rehearsed cross generated test-kernels test-kernels-mutations kernels check-kernels bench bench-peers bench-compare readme-tables readme-check clean

build: ## one static binary; the tag leaves out a Markdown parser that every start would pay for
	$(GO) build -tags urfave_cli_no_docs -o $(BIN) ./cli

build-cuda: ## a binary that computes on GPUs too; Linux on amd64, needs a C compiler and Python, fetches the CUDA headers
	$(call with-cuda,$(CUDA)) $(GO) build -tags cuda -o $(BIN) ./cli

demo: build ## the main job on bundled sample data; MODEL=DIR uses a real model
	./$(BIN) demo --out bin/demo $(if $(MODEL),--model $(MODEL))

test: ## every test that needs nothing but Go
	$(GO) test ./...

chaos: ## random faults at random times on the real program, for TIME (default 30m); Linux
	LONGFIRST_CHAOS=$(or $(TIME),30m) $(GO) test -count=1 -timeout 0 -v -run TestChaos ./cli

debug: ## a view used after its file was closed faults at once
	$(GO) test -tags longfirst_debug ./mmapfasta/... ./index ./infer

test-arm64: ## the pure Go kernels on an emulated processor, minutes; root installs Debian's qemu-user-static where there is none
	command -v qemu-aarch64-static || apt-get install -y qemu-user-static
	CGO_ENABLED=0 GOARCH=arm64 $(GO) test -short -exec qemu-aarch64-static ./infer/cpu

test-interop: build ## reads a data set with pyarrow, pandas, polars and DuckDB; needs Python 3.10 or newer
	bash infer/output/testdata/interop.sh $(BIN)

test-slurm: build ## a real Slurm on this machine; root installs Debian's where there is none
	bash docs/cluster/test/slurm.sh $(BIN)

test-mpi: build ## a real Open MPI; root installs Debian's where there is none
	bash docs/cluster/test/mpi.sh $(BIN)

test-cluster-tools: build ## Snakemake, GNU parallel, the Kubernetes manifest; needs Python 3.10 or newer
	bash docs/cluster/test/tools.sh $(BIN)

test-avx512-emulated: ## the AVX-512 kernels on a processor that Bochs emulates, built on the first run; root installs what is missing
	bash infer/cpu/testdata/emulator/run.sh bin/emulator

vet:
	$(GO) vet ./...
	$(GO) vet -tags interop ./infer/output

staticcheck:
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

format: ## fails when gofmt would change a file
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }

race: ## the race detector needs cgo and a C compiler
	CGO_ENABLED=1 $(GO) test -race ./...

purego: ## no assembly: the reference kernels alone
	$(GO) vet -tags purego ./...
	$(GO) test -tags purego ./infer/...

vet-cuda: ## the code behind the tag "cuda", with the headers of CUDA 12 and 13
	$(call with-cuda,12) $(GO) vet -tags cuda ./infer/cuda/... ./bench/... ./cli
	$(call with-cuda,13) $(GO) build -tags cuda -o $(BIN)-cuda13 ./cli

standin: ## the stand-in for the CUDA driver: bin/standin/libcuda.so.1 computes on the CPU; needs g++ on x86-64
	$(MAKE) --no-print-directory -f infer/cuda/standin/Makefile OUT=$(CURDIR)/bin/standin

test-cuda: standin ## the CUDA backend and the whole program on the stand-in driver; Linux on amd64
	$(call with-cuda,$(CUDA)) LD_LIBRARY_PATH=$(CURDIR)/bin/standin LONGFIRST_TEST_CUDA=1 CUDA_VISIBLE_DEVICES=0 $(GO) test -tags cuda ./infer/cuda
	$(call with-cuda,$(CUDA)) LD_LIBRARY_PATH=$(CURDIR)/bin/standin LONGFIRST_TEST_CUDA=1 CUDA_VISIBLE_DEVICES=0 LONGFIRST_STANDIN_CAPABILITY=9.0 LONGFIRST_WGMMA=all $(GO) test -tags cuda -run 'Class|/bf16' ./infer/cuda
	$(call with-cuda,$(CUDA)) LD_LIBRARY_PATH=$(CURDIR)/bin/standin LONGFIRST_TEST_CUDA=1 CUDA_VISIBLE_DEVICES=0 LONGFIRST_STANDIN_MEMORY=1073741824 LONGFIRST_CUBLASLT=$(CURDIR)/bin/standin/cublaslt/libcublasLt.so.12 $(GO) test -tags cuda -run 'Class|/bf16/(Linear|head)' ./infer/cuda
	$(call with-cuda,$(CUDA)) LONGFIRST_STANDIN=$(CURDIR)/bin/standin $(GO) test -tags cuda -run 'TestScripts/(cuda|devices)' ./cli
	$(call with-cuda,$(CUDA)) LD_LIBRARY_PATH=$(CURDIR)/bin/standin LONGFIRST_TEST_CUDA=1 CUDA_VISIBLE_DEVICES=0 $(GO) test -tags cuda -run GPU ./bench/workloads
	$(MAKE) --no-print-directory gpu-check-rehearsed

gpu-check-kit: ## bin/gpu-check: what run.sh needs to check and measure a GPU on a machine without Go; copy it there
	mkdir -p bin/gpu-check/infer/cuda/device bin/gpu-check/infer/esm2/testdata
	$(call with-cuda,$(CUDA)) $(GO) build -tags cuda -o bin/gpu-check/longfirst ./cli
	$(call with-cuda,$(CUDA)) $(GO) test -tags cuda -c -o bin/gpu-check/infer/cuda/cuda.test ./infer/cuda
	$(call with-cuda,$(CUDA)) $(GO) test -tags cuda -c -o bin/gpu-check/infer/cuda/device/device.test ./infer/cuda/device
	cp -r infer/esm2/testdata/goldens bin/gpu-check/infer/esm2/testdata/
	cp infer/cuda/check/run.sh bin/gpu-check/

gpu-check: gpu-check-kit ## the kit on the GPU of this machine, within 8 minutes
	bash bin/gpu-check/run.sh $(CURDIR)/bin/gpu-check.json

gpu-check-rehearsed: gpu-check-kit standin ## the kit on the stand-in driver, with a tiny model
	REHEARSE=1 LD_LIBRARY_PATH=$(CURDIR)/bin/standin LONGFIRST_STANDIN_DEVICES=1 LONGFIRST_STANDIN_MEMORY=1073741824 bash bin/gpu-check/run.sh $(CURDIR)/bin/gpu-check-rehearsed.json

cross: ## everything compiles, tests included, where it is not run
	GOOS=linux GOARCH=arm64 $(GO) vet ./...
	GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	GOOS=windows GOARCH=amd64 $(GO) vet ./...

generated: ## committed files that a program writes are what it writes; needs Python
	cd cli/demo && python3 make_sample.py --check
	sh infer/cpu/_asm/generate.sh --check

test-kernels: ## every CUDA kernel against its definition, on the CPU; needs g++
	$(GO) test -short -tags standin ./infer/cuda/kernels

test-kernels-mutations: ## the tests of the kernels notice every fault of testdata/mutations.txt
	$(GO) test -tags standin -run TestMutations -timeout 1h ./infer/cuda/kernels

kernels: ## compiles the CUDA kernels; needs Python, fetches NVIDIA's compilers, no GPU
	python3 infer/cuda/kernels/build.py bin/nvrtc

check-kernels: ## the compiled CUDA kernels are what their sources make, and spill no registers
	python3 infer/cuda/kernels/build.py bin/nvrtc --check

bench: build ## how fast it is here, and how close to what this machine can do; BENCHFLAGS="--quick" and the like
	./$(BIN) bench $(BENCHFLAGS)

bench-peers: ## the programs that people use instead, for `longfirst bench --peers`; root installs Debian's
	bash bench/peers/install.sh bin/peers

bench-compare: ## REF against the working tree, run in turn with BENCHFLAGS (default --quick), ROUNDS times each (default 3)
	bash bench/compare.sh $(REF) $(BENCHFLAGS)

readme-tables: build ## the README's figures from the newest results
	./$(BIN) bench readme

readme-check: build ## they are from there
	./$(BIN) bench readme --check

clean:
	rm -rf bin
