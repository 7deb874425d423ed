package mapped

import (
	"fmt"
	"os"
	"time"
)

// Stamp is what equality of a cached file is judged by. Two stamps are compared with ==.
type Stamp struct {
	Size    int64 // bytes
	MtimeNS int64 // modification time, nanoseconds since 1970 UTC
}

// StampOf returns the stamp of a file from what stat said about it.
func StampOf(fi os.FileInfo) Stamp {
	return Stamp{Size: fi.Size(), MtimeNS: fi.ModTime().UnixNano()}
}

func (s Stamp) String() string {
	return fmt.Sprintf("%d bytes, modified %s", s.Size, time.Unix(0, s.MtimeNS).UTC().Format(time.RFC3339Nano))
}
