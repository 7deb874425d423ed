package output

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// volatileDisk is a file system in memory whose power is cut before an operation. What was not synced by then may be lost
// or there in any combination: the bytes of a file, each name in a folder.
type volatileDisk struct {
	left    int // operations until the cut
	names   map[string]*volatileFile
	durable map[string]*volatileFile
	pending []pendingName
}

// pendingName is a name that was given to a file, or taken away (nil), since its folder was last synced.
type pendingName struct {
	path string
	file *volatileFile
}

type volatileFile struct {
	disk           *volatileDisk
	name           string
	bytes, durable []byte
}

var errPowerCut = errors.New("power cut")

func newVolatileDisk(left int) *volatileDisk {
	return &volatileDisk{left: left, names: map[string]*volatileFile{}, durable: map[string]*volatileFile{}}
}

// step counts an operation.
func (d *volatileDisk) step() error {
	if d.left == 0 {
		return errPowerCut
	}
	d.left--
	return nil
}

func (d *volatileDisk) set(path string, f *volatileFile) {
	d.pending = append(d.pending, pendingName{path, f})
	if f == nil {
		delete(d.names, path)
	} else {
		d.names[path] = f
	}
}

func (p pendingName) apply(to map[string]*volatileFile) {
	if p.file == nil {
		delete(to, p.path)
	} else {
		to[p.path] = p.file
	}
}

func (d *volatileDisk) Create(path string) (diskFile, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	if d.names[path] != nil {
		return nil, fs.ErrExist
	}
	f := &volatileFile{disk: d, name: path}
	d.set(path, f)
	return f, nil
}

func (d *volatileDisk) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	f := d.names[from]
	d.set(to, f)
	d.set(from, nil)
	return nil
}

func (d *volatileDisk) Link(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	if d.names[to] != nil {
		return fs.ErrExist
	}
	d.set(to, d.names[from])
	return nil
}

func (d *volatileDisk) Remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	if d.names[path] == nil {
		return fs.ErrNotExist
	}
	d.set(path, nil)
	return nil
}

func (d *volatileDisk) SyncDir(folder string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.pending = slices.DeleteFunc(d.pending, func(p pendingName) bool {
		if filepath.Dir(p.path) != folder {
			return false
		}
		p.apply(d.durable)
		return true
	})
	return nil
}

// restore writes what a power cut leaves into folders.
func (d *volatileDisk) restore(t *testing.T, random *rand.Rand) {
	t.Helper()
	random.Shuffle(len(d.pending), func(i, j int) { d.pending[i], d.pending[j] = d.pending[j], d.pending[i] })
	for _, p := range d.pending {
		if random.IntN(2) == 0 {
			p.apply(d.durable)
		}
	}
	for path, f := range d.durable {
		if err := os.WriteFile(path, f.remains(random), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// remains returns what is left of a file's bytes: those that were synced or, if more were written since, any mixture.
func (f *volatileFile) remains(random *rand.Rand) []byte {
	if string(f.bytes) == string(f.durable) {
		return f.durable
	}
	switch random.IntN(4) {
	case 0:
		return f.durable
	case 1:
		return f.bytes
	case 2:
		return f.bytes[:random.IntN(len(f.bytes)+1)]
	default: // its length was written, its bytes were not
		return make([]byte, len(f.bytes))
	}
}

func (f *volatileFile) Name() string { return f.name }

func (f *volatileFile) Write(p []byte) (int, error) {
	if err := f.disk.step(); err != nil {
		return 0, err
	}
	f.bytes = append(f.bytes, p...)
	return len(p), nil
}

func (f *volatileFile) ReadAt(p []byte, at int64) (int, error) {
	n := copy(p, f.bytes[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *volatileFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.disk.step(); err != nil {
		return 0, err
	}
	f.bytes = slices.Clone(f.bytes) // what was synced stays as it is
	return copy(f.bytes[at:], p), nil
}

func (f *volatileFile) Sync() error {
	if err := f.disk.step(); err != nil {
		return err
	}
	f.durable = slices.Clone(f.bytes)
	return nil
}

func (f *volatileFile) Close() error { return nil }

// makeSet writes a data set and returns how far it came: what it was told is done.
func (d *dataSet) makeSet(t *testing.T) (manifest bool, parts int, success bool) {
	if _, _, err := CreateManifest(d.dir, d.manifest); err != nil {
		return false, 0, false
	}
	for i := range d.blocks {
		if err := d.tryPart(i); err != nil {
			return true, i, false
		}
	}
	proof := Proof{Records: int64(len(d.rows)), Embedded: int64(len(d.rows))}
	if err := WriteSkipped(d.dir, nil); err != nil {
		return true, len(d.blocks), false
	}
	return true, len(d.blocks), WriteSuccess(d.dir, proof) == nil
}

func (d *dataSet) tryPart(i int) error {
	w, err := CreatePart(d.dir, d.infos[i])
	if err != nil {
		return err
	}
	var skips []Skip
	for _, ordinal := range d.blocks[i].Ordinals {
		if s, ok := d.skip(ordinal); ok {
			skips = append(skips, s)
		} else if err := w.Append(d.rows[ordinal : ordinal+1]); err != nil {
			w.Abort()
			return err
		}
	}
	return w.Publish(skips)
}

// TestPowerCut cuts the power before every operation of making a data set. What is left holds everything that was done by
// then, nothing torn, and no mark of more than there is.
func TestPowerCut(t *testing.T) {
	t.Run("rows", func(t *testing.T) { cutPower(t, 40, embedding(3), 4, false) })
	t.Run("arrays", func(t *testing.T) { cutPower(t, 10, Columns{manyColumns(3)[0], manyColumns(3)[1]}, 2, true) })
}

// cutPower cuts it, so many times at each operation, while records are written and, if asked for, the first part is written again with other rows.
func cutPower(t *testing.T, records int, columns Columns, times int, again bool) {
	defer func() { disk = osDisk{} }()
	random := rand.New(rand.NewPCG(1, 2))
	for cut := 0; ; cut++ {
		var ended bool
		for range times {
			d := newDataSetOf(t, records, columns, Float32)
			volatile := newVolatileDisk(cut)
			disk = volatile
			manifest, parts, success := d.makeSet(t)
			again := again && success
			if again {
				d.skips = nil
				d.tryPart(0)
			}
			disk = osDisk{}
			ended = volatile.left > 0
			volatile.restore(t, random)

			if _, err := ReadManifest(d.dir); err != nil && (manifest || !errors.Is(err, fs.ErrNotExist)) {
				t.Fatalf("cut at %d: manifest: %v", cut, err)
			}
			there, foreign, err := d.dir.WholeParts(columns)
			if err != nil || len(foreign) > 0 {
				t.Fatalf("cut at %d: %v, %v", cut, foreign, err)
			}
			for i, info := range d.infos {
				path, ok := there[info.PartID]
				if !ok && i < parts && !(again && i == 0) {
					t.Fatalf("cut at %d: part %d of %d published is lost", cut, i, parts)
				}
				if ok {
					if err := CheckPart(path); err != nil {
						t.Fatalf("cut at %d: %v", cut, err)
					}
					part, err := OpenPart(path)
					if err == nil {
						err = errors.Join(part.checkArrays(true), part.Close())
					}
					if err != nil {
						t.Fatalf("cut at %d: %v", cut, err)
					}
				}
			}
			if _, err := os.Stat(d.dir.Success()); err == nil && len(there) < len(d.infos) && !again || success && err != nil {
				t.Fatalf("cut at %d: %d of %d parts, mark: %v", cut, len(there), len(d.infos), err)
			}
		}
		if ended {
			t.Logf("%d operations", cut)
			return
		}
	}
}
