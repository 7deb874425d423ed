// Package kernels holds the CUDA kernels of the forward pass, one operation a .cu file, compiled ahead for the
// architectures in bin/, and says how each is launched. It needs no GPU, no CUDA toolkit and no cgo.
//
// # Calling convention
//
// Kernels are extern "C". Every parameter is one 8-byte slot: a device pointer, an integer (u64), or a real number (f64).
// Device pointers are 16-byte aligned. Launches are one-dimensional in threads; grid, threads and dynamic shared memory
// come from the functions in launch.go, one an operation. A kernel whose dynamic shared memory is above 48 KiB needs
// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES set to it first.
//
// Letters are those of package backend: T tokens, B sequences, H hidden size, A heads, D head size, F intermediate size,
// V vocabulary. E is the element type of weights and activations, bf16 or f16; f32 has kernels of its own. The residual
// stream, norm gains, all biases, rotary tables and pooled rows are f32 for every E.
//
// # Rows
//
// A matrix [rows, width] lies row by row with a pitch, a multiple of 8 elements, width rounded up; columns from width to
// the pitch hold zeros. Kernels that write rows write those zeros too, given that weights [N, K] have zero columns
// behind K and zero rows behind N up to their multiples of 8, and vectors zeros behind their end up to theirs. So N and
// K below are pitches, and rows of width 8n have no padding at all. No kernel reads or writes rows behind the last one.
//
// # Entry points
//
//	embed_{bf16,f16,f32}(f32 x[T,pitch], E table[V,pitch], u8 tokens[T], T, pitch, f64 scale)
//	    x = table[token]·scale
//
//	norm_{bf16,f16,f32}_{512,1280,2560,5120}(E y[T,pitch], f32 x[T,pitch], f32 gain[pitch], f32 bias[pitch],
//	                                         T, width, pitch, f64 eps)
//	    layer norm of rows up to that width; norm_f32 may work in place
//
//	gemm_qkv_{bf16,f16}_TILE(E out[T,N], E x[T,K], E w[N,K], f32 bias[N], f32 rotary[P,D/2,2], i32 positions[T],
//	                         T, N, K, D)
//	    x·wᵀ + bias; the first third (queries) times 1/sqrt(D), the first two thirds rotated. N = 3·A·D, D is 16, 24, 32,
//	    64 or 128
//	gemm_gelu_{bf16,f16}_TILE(E out[T,N], E x[T,K], E w[N,K], f32 bias[N], T, N, K)
//	    gelu(x·wᵀ + bias)
//	gemm_add_{bf16,f16}_TILE(f32 out[T,N], E x[T,K], E w[N,K], f32 bias[N], T, N, K)
//	    out += x·wᵀ + bias
//
//	gemm_{product,gelu,add}_f32(f32 out[T,N], f32 x[T,K], f32 w[N,K], f32 bias[N], T, N, K)
//	    on the FMA units; product takes no account of bias: rotary_f32 adds it
//
//	rotary_table(f32 table[P,D/2,2], f32 frequencies[D/2], P, D/2)
//	    cosine and sine of position·frequency
//	rotary_{bf16,f16,f32}(E qkv[T,pitch] in place, f32 bias[3H], f32 rotary[P,D/2,2], i32 positions[T], T, H, pitch, D)
//	    what gemm_qkv does after x·wᵀ, for products that come from elsewhere (cublasLt, gemm_product_f32); any even D
//	gelu_{bf16,f16}(E x[T,N] in place, f32 bias[N], T, N)
//	    what gemm_gelu does after x·wᵀ, for products of cublasLt
//
//	attention_{bf16,f16}_{16,24,32,64,128}(E out[T,H], E qkv[T,3H], i32 work[items,4], H)
//	attention_f32_{32,64,128}(f32 out[T,outPitch], f32 qkv[T,qkvPitch], i32 work[items,4], H, D, outPitch, qkvPitch)
//	    softmax(q·kᵀ)·v; a work item is {first token of the sequence, its tokens, first query within it, 0}, one for each
//	    QueryTile queries; put the longest sequences first. attention_f32 serves every D up to its number
//
//	mean_f32(f32 pooled[B,width], f32 x[T,pitch], i32 cumulative[B+1], width, pitch)
//	    the mean over the tokens of a sequence without the first and the last; zeros where there are none
//	gather_{f32_f32,f32_bf16,f32_f16,bf16_f32,f16_f32}(to dst[rows,dstPitch], from src[T,srcPitch], i32 rows[rows] or 0,
//	                                                   rows, width, dstPitch, srcPitch)
//	    dst[i] = src[rows[i]], or src[i] where rows is 0, converted; dstPitch need not be a multiple of 8
//	nonfinite_f32(i32 flags[rows], f32 x[rows,width], rows, width)
//	    1 where the row holds NaN or Inf, else 0; width is the pitch and may be any
//
//	gemm90_qkv{64,128}_bf16(CUtensorMap maps[3], f32 bias[N], f32 rotary[P,D/2,2], i32 positions[T], T, N, K)
//	gemm90_gelu_bf16(CUtensorMap maps[3], f32 bias[N], T, N, K)
//	gemm90_add_bf16(CUtensorMap maps[3], f32 out[T,N], f32 bias[N], T, N, K)
//	    for sm_90a alone, by an explicit switch; gemm90.cuh says what the maps are
//
// # Order of sums
//
// Every output element adds its products in one fixed order that does not depend on T, on its row, on the tile chosen or
// on the other sequences; key blocks of attention count from the sequence's first token.
package kernels
