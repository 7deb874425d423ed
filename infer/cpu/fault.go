package cpu

// catchFault runs f and returns the memory fault it met, if any. The goroutine must have set debug.SetPanicOnFault.
func catchFault(f func()) (fault *FaultError) {
	defer func() {
		raised := recover()
		if raised == nil {
			return
		}
		at, ok := raised.(interface{ Addr() uintptr })
		if !ok {
			panic(raised)
		}
		fault = &FaultError{at.Addr()}
	}()
	f()
	return nil
}
