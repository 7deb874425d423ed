// Package inorder does numbered pieces of work side by side and takes their results one by one in order.
package inorder

// Do calls work for the numbers 0 to count-1, on one goroutine per thread, and take for each number in order, on the
// caller's goroutine. Number n works in slot n % len(slots) and begins when take has returned for the number that used
// the slot before: so at most len(slots) numbers are in hand, and slots may keep memory from one to the next. There
// should be more slots than threads.
//
// It returns take's first error, when no work is running any more. Work that fails says so in its slot.
func Do[Slot any](count int64, threads int, slots []Slot, work func(slot *Slot, number int64), take func(slot *Slot, number int64) error) error {
	done := make([]chan struct{}, len(slots))
	for i := range done {
		done[i] = make(chan struct{}, 1)
	}
	numbers := make(chan int64, len(slots)) // never blocks its sender
	ended := make(chan struct{})
	for range threads {
		go func() {
			defer func() { ended <- struct{}{} }()
			for number := range numbers {
				i := number % int64(len(slots))
				work(&slots[i], number)
				done[i] <- struct{}{}
			}
		}()
	}
	defer func() {
		close(numbers)
		for range threads {
			<-ended
		}
	}()
	for number := range min(count, int64(len(slots))) {
		numbers <- number
	}
	for number := range count {
		i := number % int64(len(slots))
		<-done[i]
		if err := take(&slots[i], number); err != nil {
			return err
		}
		if next := number + int64(len(slots)); next < count {
			numbers <- next
		}
	}
	return nil
}
