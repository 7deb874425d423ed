package engine

// openMPI is a process that Open MPI's mpirun started.
func openMPI(env Environment, _ int) (Place, bool, error) {
	return env.pair("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
}

// pmi is a process that a launcher of the PMI interface started: MPICH's and Intel MPI's mpiexec, srun --mpi=pmi2.
func pmi(env Environment, _ int) (Place, bool, error) {
	return env.pair("PMI", "PMI_RANK", "PMI_SIZE")
}

// torchrun is a process that PyTorch's launcher started. RANK and WORLD_SIZE alone are names that anybody uses; torchrun
// sets LOCAL_RANK as well.
func torchrun(env Environment, _ int) (Place, bool, error) {
	_, hasRank := env.text("RANK")
	if _, hasLocal := env.text("LOCAL_RANK"); !hasLocal || !hasRank {
		return Place{}, false, nil
	}
	return env.pair("torchrun", "RANK", "WORLD_SIZE")
}
