// A task for each share, and one that proves the data set complete:
//   nextflow run main.nf --fasta $PWD/proteins.fa --model $PWD/models/esm2_t33_650M_UR50D --out $PWD/embeddings --shares 16
//
// Paths are absolute and handed on as values: a file that Nextflow stages is a link in the folder of its task, where each
// task would build an index of its own. Ranks are flags, since an executor may run tasks as a Slurm array of its own.
params.shares = 16
params.threads = 8

process INDEX {
    input:
    val fasta

    output:
    val true

    script:
    "longfirst index '${fasta}'"
}

process SHARE {
    cpus params.threads
    errorStrategy { task.exitStatus in [2, 3] ? 'finish' : 'retry' }
    maxRetries 5

    input:
    val indexed
    each rank
    val fasta
    val model
    val out

    output:
    val rank

    script:
    "longfirst infer --model '${model}' --out '${out}' --world-size ${params.shares} --rank ${rank} --threads ${task.cpus} '${fasta}'"
}

process VERIFY {
    input:
    val ranks
    val out

    output:
    stdout

    script:
    "longfirst verify '${out}'"
}

workflow {
    INDEX(params.fasta)
    SHARE(INDEX.out, 0..<params.shares, params.fasta, params.model, params.out)
    VERIFY(SHARE.out.collect(), params.out)
}
