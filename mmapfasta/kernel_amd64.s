//go:build !purego

#include "textflag.h"

// Blocks of 64 bytes: two loads, and per question one mask of 64 bits.

// func bodyBlocks(p *byte, blocks int) (size, lineFeeds, low int, found bool)
TEXT ·bodyBlocks(SB), NOSPLIT, $0-41
	MOVQ p+0(FP), SI
	MOVQ blocks+8(FP), DX
	MOVQ SI, DI
	MOVL $0x0a, AX
	VMOVQ AX, X0
	VPBROADCASTB X0, Y0              // line feed
	MOVL $0x3e, AX
	VMOVQ AX, X1
	VPBROADCASTB X1, Y1              // '>'
	MOVL $0x20, AX
	VMOVQ AX, X2
	VPBROADCASTB X2, Y2              // the highest low byte
	XORQ R8, R8                      // line feeds
	XORQ R9, R9                      // low bytes
	MOVQ $1, R10                     // 1 when the byte before the block is a line feed, as that before p is

bodyLoop:
	TESTQ DX, DX
	JZ    bodyDone
	VMOVDQU (SI), Y3
	VMOVDQU 32(SI), Y4
	VPCMPEQB Y0, Y3, Y5
	VPCMPEQB Y0, Y4, Y6
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, R12
	SHLQ $32, R12
	ORQ  AX, R12                     // mask of line feeds
	VPMINUB Y2, Y3, Y7
	VPMINUB Y2, Y4, Y8
	VPCMPEQB Y7, Y3, Y7
	VPCMPEQB Y8, Y4, Y8
	VPMOVMSKB Y7, AX
	VPMOVMSKB Y8, R13
	SHLQ $32, R13
	ORQ  AX, R13                     // mask of low bytes
	VPCMPEQB Y1, Y3, Y5
	VPCMPEQB Y1, Y4, Y6
	VPOR Y5, Y6, Y7
	VPTEST Y7, Y7
	JNZ  bodyCandidate

bodyNext:
	POPCNTQ R12, AX
	ADDQ AX, R8
	POPCNTQ R13, AX
	ADDQ AX, R9
	MOVQ R12, R10
	SHRQ $63, R10
	ADDQ $64, SI
	DECQ DX
	JMP  bodyLoop

bodyCandidate:
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, R11
	SHLQ $32, R11
	ORQ  AX, R11                     // mask of '>'
	LEAQ (R10)(R12*2), AX            // mask of line starts
	ANDQ R11, AX
	JZ   bodyNext
	BSFQ AX, CX
	MOVQ $1, BX
	SHLQ CX, BX
	DECQ BX                          // what lies before the first of them
	ANDQ BX, R12
	ANDQ BX, R13
	POPCNTQ R12, AX
	ADDQ AX, R8
	POPCNTQ R13, AX
	ADDQ AX, R9
	SUBQ DI, SI
	ADDQ CX, SI
	MOVQ SI, size+16(FP)
	MOVQ R8, lineFeeds+24(FP)
	MOVQ R9, low+32(FP)
	MOVB $1, found+40(FP)
	VZEROUPPER
	RET

bodyDone:
	SUBQ DI, SI
	MOVQ SI, size+16(FP)
	MOVQ R8, lineFeeds+24(FP)
	MOVQ R9, low+32(FP)
	MOVB $0, found+40(FP)
	VZEROUPPER
	RET

// func headerBlocks(p *byte, blocks int) (end, idEnd, controls int, found bool)
TEXT ·headerBlocks(SB), NOSPLIT, $0-41
	MOVQ p+0(FP), SI
	MOVQ blocks+8(FP), DX
	MOVQ SI, DI
	MOVL $0x0a, AX
	VMOVQ AX, X0
	VPBROADCASTB X0, Y0              // line feed
	MOVL $0x1f, AX
	VMOVQ AX, X1
	VPBROADCASTB X1, Y1              // the highest control byte
	MOVL $0x20, AX
	VMOVQ AX, X2
	VPBROADCASTB X2, Y2              // the highest low byte
	MOVQ $-1, R8                     // end of the id, -1 before it
	XORQ R9, R9                      // control bytes seen

headerLoop:
	TESTQ DX, DX
	JZ    headerDone
	VMOVDQU (SI), Y3
	VMOVDQU 32(SI), Y4
	VPCMPEQB Y0, Y3, Y5
	VPCMPEQB Y0, Y4, Y6
	VPMOVMSKB Y5, AX
	VPMOVMSKB Y6, R12
	SHLQ $32, R12
	ORQ  AX, R12                     // mask of line feeds
	VPMINUB Y1, Y3, Y7
	VPMINUB Y1, Y4, Y8
	VPCMPEQB Y7, Y3, Y7
	VPCMPEQB Y8, Y4, Y8
	VPMOVMSKB Y7, AX
	VPMOVMSKB Y8, R13
	SHLQ $32, R13
	ORQ  AX, R13                     // mask of control bytes
	TESTQ R8, R8
	JNS  headerLine
	VPMINUB Y2, Y3, Y7
	VPMINUB Y2, Y4, Y8
	VPCMPEQB Y7, Y3, Y7
	VPCMPEQB Y8, Y4, Y8
	VPMOVMSKB Y7, AX
	VPMOVMSKB Y8, R11
	SHLQ $32, R11
	ORQ  AX, R11                     // mask of low bytes
	JZ   headerLine
	BSFQ R11, R8
	LEAQ (R8)(SI*1), R8
	SUBQ DI, R8

headerLine:
	TESTQ R12, R12
	JNZ  headerFound
	POPCNTQ R13, AX
	ADDQ AX, R9
	ADDQ $64, SI
	DECQ DX
	JMP  headerLoop

headerFound:
	BSFQ R12, CX
	MOVQ $1, BX
	SHLQ CX, BX
	DECQ BX                          // what lies before the line feed
	ANDQ BX, R13
	POPCNTQ R13, AX
	ADDQ AX, R9
	SUBQ DI, SI
	ADDQ CX, SI
	MOVQ SI, end+16(FP)
	MOVQ R8, idEnd+24(FP)
	MOVQ R9, controls+32(FP)
	MOVB $1, found+40(FP)
	VZEROUPPER
	RET

headerDone:
	SUBQ DI, SI
	MOVQ SI, end+16(FP)
	MOVQ R8, idEnd+24(FP)
	MOVQ R9, controls+32(FP)
	MOVB $0, found+40(FP)
	VZEROUPPER
	RET
