package mapped

// Resident tells whether the system says that all pages of [start, end), not empty, are in memory, so that
// Prefetch would do nothing. Bounds outside the file are cut. Where the file is not mapped, or the platform is not asked, it is false. Linux says
// yes of any page of a file that the process may neither write nor owns: see MajorFaults for what really happens.
func (f *File) Resident(start, end int64) bool {
	start, end = max(start, 0), min(end, int64(len(f.view)))
	return start < end && resident(f.view[start&^(pageSize-1):end])
}

// MajorFaults returns how often this process has waited for a page of a mapping to be read, since it began. Where the
// platform is not asked, it is 0.
func MajorFaults() int64 { return majorFaults() }
