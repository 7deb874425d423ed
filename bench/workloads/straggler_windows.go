package workloads

// fates are what can befall a process without the signals of Unix.
func fates() []fate { return []fate{killed} }
