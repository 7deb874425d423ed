package index

import (
	"context"
	"path/filepath"
	"slices"

	"longfirst/mmapfasta/expand"
)

// donation is what valid indexes give to one that is built: the entries of files that are equal to files of its list,
// so that these need no scan.
type donation struct {
	files   map[int]donated // by number in the list
	streams []stream
	idBytes int64 // about, of the entries given
	indexes []*Index
}

type donated struct {
	info FileInfo
	fact fileFact
}

// has tells whether a file of the list is given.
func (d donation) has(number int) bool {
	_, ok := d.files[number]
	return ok
}

// close ends the life of the streams.
func (d donation) close() {
	for _, x := range d.indexes {
		x.Close()
	}
}

// maxStreams is how often the pages of one index may be read. An index gives the entries of several files in one
// reading where these stand in the same order in both lists, and else in a few.
const maxStreams = 4

// inSight looks, in the indexes that may give, for the files of the list that are equal without being read, by number.
func (e *ensurer) inSight(ctx context.Context) map[int]bool {
	seen := map[int]bool{}
	for _, path := range e.candidates() {
		if len(seen) == len(e.list) || ctx.Err() != nil {
			break
		}
		x, err := Open(path)
		if err != nil {
			continue
		}
		for _, file := range x.files {
			for number := range e.list { // of which others note the formats meanwhile
				if e.equalBySight(x, file, &e.list[number]) {
					seen[number] = true
				}
			}
		}
		x.Close()
	}
	return seen
}

// seekDonations looks for the files of the list in the index at path and in those beside path and beside the files. An
// index that cannot be used, for whatever reason, gives nothing.
func (e *ensurer) seekDonations(ctx context.Context) donation {
	d := donation{files: map[int]donated{}}
	for _, path := range e.candidates() {
		if len(d.files) == len(e.list) || ctx.Err() != nil {
			break
		}
		x, err := Open(path)
		if err != nil {
			continue
		}
		have := len(d.files)
		if e.accept(ctx, &d, x) {
			d.indexes = append(d.indexes, x)
			e.Log.Info("Taking entries over from an index", "from", path, "files", len(d.files)-have)
		} else {
			x.Close()
		}
	}
	return d
}

// candidates lists index files, the one that is to be replaced first.
func (e *ensurer) candidates() []string {
	folders := []string{filepath.Dir(e.path)}
	for i := range e.list {
		if folder := filepath.Dir(e.list[i].path); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	paths := []string{e.path}
	for _, folder := range folders {
		found, _ := filepath.Glob(globQuote(folder) + string(filepath.Separator) + "*" + Extension)
		paths = append(paths, found...)
	}
	return slices.Compact(paths)
}

// accept takes from x what d lacks and tells whether that was anything.
func (e *ensurer) accept(ctx context.Context, d *donation, x *Index) bool {
	var accepted []match
	var fasta int64
	for _, file := range x.files {
		for number, s := range e.list {
			if _, have := d.files[number]; have || slices.ContainsFunc(accepted, func(m match) bool { return m.to == number }) {
				continue
			}
			if fact, ok := e.equal(ctx, x, file, s); ok {
				fact.Number = number
				accepted = append(accepted, match{file, number, fact})
				fasta += file.TextSize
				break
			}
		}
	}
	if len(accepted) == 0 || fasta < x.size {
		return false // to read the whole index would take longer than to scan
	}
	for _, group := range ascending(accepted) {
		s := &donorStream{x: x, renumber: make([]int, len(x.files))}
		for i := range s.renumber {
			s.renumber[i] = -1
		}
		for _, m := range group {
			s.renumber[m.file.Number] = m.to
			info := m.file
			info.Path, info.Number, info.Stamp = e.list[m.to].path, m.to, m.fact.stamp()
			info.Format, _ = expand.FormatNamed(m.fact.Format)
			d.files[m.to] = donated{info, m.fact}
			d.idBytes += 24 * info.Records
		}
		d.streams = append(d.streams, s)
	}
	return true
}

// match is a file of a donor that is equal to a file of the list.
type match struct {
	file FileInfo
	to   int      // number in the list
	fact fileFact // to be recorded
}

// ascending deals matches, which are in the donor's order, into up to maxStreams groups in each of which they are in the
// order of the list too. Those that fit in none are left out.
func ascending(matches []match) [][]match {
	var groups [][]match
	for _, m := range matches {
		i := slices.IndexFunc(groups, func(g []match) bool { return g[len(g)-1].to < m.to })
		switch {
		case i >= 0:
			groups[i] = append(groups[i], m)
		case len(groups) < maxStreams:
			groups = append(groups, []match{m})
		}
	}
	return groups
}

// equalBySight tells whether a file of an index is equal to one of the list without either being read: by stamp under
// the same path.
func (e *ensurer) equalBySight(x *Index, file FileInfo, s *source) bool {
	return file.Path == s.path && file.Stamp == s.stamp && x.recorded[file.Number].Settled && !e.Rehash
}

// equal tells whether the text of a file of an index is equal to that of one of the list, by sight or by content, and
// gives the fact to be recorded of it. What the files are called and how they are compressed does not matter.
func (e *ensurer) equal(ctx context.Context, x *Index, file FileInfo, s source) (fileFact, bool) {
	fact := x.recorded[file.Number]
	switch {
	case e.equalBySight(x, file, &s):
		return fact, true
	case s.format != expand.Plain && s.text == nil, file.TextSize != s.textSize():
		return fact, false
	}
	now, began, err := e.judge.content(ctx, s)
	if err != nil || now.Hash != file.Hash {
		return fact, false
	}
	recorded := fact.seen
	if file.Path != s.path {
		recorded.MtimeNS, recorded.Size = 0, 0 // what was seen of another file says nothing of this one's time
	}
	fact.seen, fact.Format, fact.TextSize = recorded.reread(now.Stamp, began), "", 0
	if s.text != nil {
		fact.Format, fact.TextSize = s.text.fact.Format, s.text.fact.Text.Size
	}
	return fact, true
}

// donorStream gives the entries of some files of an index, with the numbers that they have in the list.
type donorStream struct {
	x        *Index
	renumber []int // by number in the index; -1 for a file that is not given
	reader   *pageReader
	position int64
	page     rows // of the index
	at, idAt int  // next entry of page
	rows     rows
}

func (s *donorStream) block() (_ *rows, err error) {
	if s.reader == nil {
		if s.reader, err = s.x.newPageReader(); err != nil {
			return nil, err
		}
	}
	s.rows.reset()
	for s.rows.count < pageEntries {
		if s.at == s.page.count {
			if s.position >= s.x.Len() {
				break
			}
			if err := s.nextPage(); err != nil {
				return nil, err
			}
		}
		v := &s.page.values[s.at]
		size := int(v[columnIDSize])
		id := s.page.ids[s.idAt : s.idAt+size]
		s.at++
		s.idAt += size
		if v[columnFile] >= uint64(len(s.renumber)) {
			return nil, s.reader.corrupt(s.position, errPageEntry)
		}
		if number := s.renumber[v[columnFile]]; number >= 0 {
			v[columnFile] = uint64(number)
			s.rows.add(v, id)
		}
	}
	if s.rows.count == 0 {
		return nil, nil
	}
	return &s.rows, nil
}

func (s *donorStream) nextPage() error {
	s.at, s.idAt = 0, 0
	if err := s.reader.readPage(s.position, &s.page); err != nil {
		return err
	}
	s.position += s.reader.page.count
	return nil
}
