package index

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"longfirst/mmapfasta"
	"longfirst/mmapfasta/expand"
	"longfirst/mmapfasta/mapped"
)

// verdict is what an index is worth for a list of files as they are now.
type verdict struct {
	reasons []string   // what forbids to use it, in words; empty where it may be used
	touched []string   // what is new but leaves the content equal, in words
	settled []fileFact // the facts to be recorded with the content, where they differ from those recorded
}

// judge compares an index with the files of a list. Validity is equality: the same files in the same order, each of
// equal size and equal modification time. Where a time differs, or cannot be relied on yet, the content decides, and of
// what was found equal the new facts are in the verdict. rehash compares the content of all files: size and time can be
// forged, as touch -r does.
func (j *judge) judge(ctx context.Context, x *Index, list []source) (verdict, error) {
	if reasons := listChanges(x.files, list); len(reasons) > 0 {
		return verdict{reasons: reasons}, nil
	}
	var v verdict
	facts := slices.Clone(x.recorded)
	for i, s := range list {
		recorded := facts[i]
		name := filepath.Base(s.path)
		if s.stamp.Size != recorded.Size {
			v.reasons = append(v.reasons, fmt.Sprintf("%s has %d bytes, %d were recorded", name, s.stamp.Size, recorded.Size))
			continue
		}
		if s.stamp == recorded.stamp() && recorded.Settled && !j.rehash {
			continue
		}
		now, began, err := j.content(ctx, s)
		if err != nil {
			return v, err
		}
		if now.Hash != x.files[i].Hash {
			v.reasons = append(v.reasons, fmt.Sprintf("%s has other content%s", name, inTime(s.stamp, recorded)))
			continue
		}
		if facts[i].seen = recorded.reread(now.Stamp, began); now.Stamp != recorded.stamp() {
			v.touched = append(v.touched, fmt.Sprintf("%s has equal content%s", name, inTime(now.Stamp, recorded)))
		}
	}
	if !slices.Equal(facts, x.recorded) {
		v.settled = facts
	}
	return v, nil
}

// judge reads the content of a file at most once while its stamp stays the same.
type judge struct {
	rehash  bool
	threads int
	texts   *texts
	known   map[string]reading
}

type reading struct {
	mmapfasta.Content
	began time.Time
}

// content returns the stamp of a file and the hash of its text, and since when they are known to belong together.
func (j *judge) content(ctx context.Context, s source) (mmapfasta.Content, time.Time, error) {
	if r, ok := j.known[s.path]; ok && r.Stamp == s.stamp {
		return r.Content, r.began, nil
	}
	r, err := j.read(ctx, s)
	if err != nil {
		return r.Content, r.began, err
	}
	j.known[s.path] = r
	return r.Content, r.began, nil
}

func (j *judge) read(ctx context.Context, s source) (reading, error) {
	format, err := detect(s.path)
	if err != nil {
		return reading{}, err
	}
	if format == expand.Plain {
		began := time.Now()
		content, err := mmapfasta.Hash(ctx, s.path, threadsOf(j.threads))
		return reading{content, began}, err
	}
	text, err := j.texts.of(ctx, s)
	if err != nil {
		return reading{}, err
	}
	return reading{mmapfasta.Content{Stamp: text.fact.Compressed.stamp(), Hash: text.fact.hash()}, text.checked}, nil
}

// inTime says in words how a modification time relates to the one recorded.
func inTime(now mapped.Stamp, recorded fileFact) string {
	old, new := time.Unix(0, recorded.MtimeNS).UTC(), time.Unix(0, now.MtimeNS).UTC()
	switch {
	case new.Before(old):
		return fmt.Sprintf(" and is older than recorded (%s, before %s)", new.Format(time.RFC3339Nano), old.Format(time.RFC3339Nano))
	case new.After(old):
		return fmt.Sprintf(" and is newer than recorded (%s, after %s)", new.Format(time.RFC3339Nano), old.Format(time.RFC3339Nano))
	}
	return " under the same modification time"
}

// listChanges says in words how the files that an index was built from differ from those of a list, whatever they hold.
func listChanges(recorded []FileInfo, list []source) []string {
	var changes []string
	have := make(map[string]bool, len(list))
	for _, s := range list {
		have[s.path] = true
	}
	had := make(map[string]bool, len(recorded))
	for _, file := range recorded {
		had[file.Path] = true
		if !have[file.Path] {
			changes = append(changes, fmt.Sprintf("%s is missing from the list", filepath.Base(file.Path)))
		}
	}
	for _, s := range list {
		if !had[s.path] {
			changes = append(changes, fmt.Sprintf("%s is new in the list", filepath.Base(s.path)))
		}
	}
	if len(changes) > 0 {
		return changes
	}
	for i, s := range list {
		if recorded[i].Path != s.path {
			return []string{"the files are in another order"}
		}
	}
	return nil
}
