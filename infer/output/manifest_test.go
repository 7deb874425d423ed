package output

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifestIsCreatedOnce(t *testing.T) {
	d := newDataSet(t, 10, 4, Float32)
	if _, err := ReadManifest(d.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	created := map[int]bool{}
	for i := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			m := d.manifest
			m.WorldSize = i + 1
			existing, made, err := CreateManifest(d.dir, m)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if made {
				created[i+1] = true
			}
			if made != (existing.WorldSize == i+1) {
				t.Errorf("created %v, world size %d of %d", made, existing.WorldSize, i+1)
			}
		}()
	}
	wg.Wait()
	m, err := ReadManifest(d.dir)
	if err != nil || len(created) != 1 || !created[m.WorldSize] {
		t.Fatal(created, m.WorldSize, err)
	}
	want := d.manifest
	want.Version, want.WorldSize = ManifestVersion, m.WorldSize
	mustEqual(t, m, want)
	mustEqual(t, names(t, d.dir.Tmp()), []string{})
}

func TestManifestDifferences(t *testing.T) {
	base := newDataSet(t, 10, 4, Float32).manifest
	if diff := base.Differences(base); diff != nil {
		t.Fatal(diff)
	}
	for _, c := range []struct {
		field  Field
		change func(*Manifest)
		text   string
	}{
		{FieldIndex, func(m *Manifest) { m.Index.Digest = "77" }, "digest 77"},
		{FieldModel, func(m *Manifest) { m.Model.Digest = "88" }, "digest 88"},
		{FieldMaxLength, func(m *Manifest) { m.Options.MaxLength = 0 }, "--max-length: the data set has 1024, this run has none"},
		{FieldGaps, func(m *Manifest) { m.Options.Gaps = "keep" }, "keep"},
		{FieldColumns, func(m *Manifest) { m.Options.Columns = manyColumns(8) }, "embedding, per_residue, cls_l3, per_residue_l0, pseudo_perplexity"},
		{FieldDType, func(m *Manifest) { m.Options.DType = Float16 }, "float16"},
		{FieldNumericClass, func(m *Manifest) { m.NumericClass = "cuda" }, "cuda"},
		{FieldWorldSize, func(m *Manifest) { m.WorldSize = 5 }, "5"},
		{FieldBlocks, func(m *Manifest) { m.Blocks.Figures = map[string]int64{"target": 7} }, "target=7"},
	} {
		m := base
		c.change(&m)
		diff := base.Differences(m)
		if len(diff) != 1 || diff[0].Field != c.field || !strings.Contains(diff[0].String(), c.text) {
			t.Errorf("%s: %v", c.field, diff)
		}
	}
	m := base
	m.Program = "longfirst 9"
	if diff := base.Differences(m); diff != nil {
		t.Errorf("program: %v", diff)
	}
}

func TestUnusableManifest(t *testing.T) {
	for name, content := range map[string]string{
		"cut":   `{"version": 2, "program`,
		"empty": "",
		"kind":  `{"version": 2, "program": 7}`,
		"none":  `{}`,
		"newer": `{"version": 3}`,
		"older": `{"version": 1}`,
		"dtype": `{"version": 2, "options": {"columns": [{"name": "embedding", "pool": "mean", "layer": 6, "width": 3}], "dtype": "int8"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDataSet(t, 10, 4, Float32)
			if err := os.WriteFile(d.dir.Manifest(), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
			_, created, err := CreateManifest(d.dir, d.manifest)
			if created || !errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), d.dir.Manifest()) {
				t.Fatal(created, err)
			}
		})
	}
}

// The fields a manifest can differ in and its JSON keys come apart when someone adds a field and forgets to compare it.
func TestEveryManifestFieldIsCompared(t *testing.T) {
	compared := map[string]bool{"Index": true, "Model": true, "Options": true, "NumericClass": true, "WorldSize": true, "Blocks": true}
	var r fieldNames
	cmp.Equal(Manifest{}, Manifest{}, cmp.Reporter(&r))
	for _, name := range r.names {
		if !compared[name] && name != "Version" && name != "Program" && name != "Canary" {
			t.Errorf("field %s is not compared by Differences", name)
		}
	}
	if len(r.names) < 8 {
		t.Errorf("fields seen: %v", r.names)
	}
}

// fieldNames collects the names of a struct's own fields.
type fieldNames struct {
	path  cmp.Path
	names []string
}

func (r *fieldNames) PushStep(s cmp.PathStep) {
	r.path = append(r.path, s)
	if f, ok := s.(cmp.StructField); ok && len(r.path) == 2 {
		r.names = append(r.names, f.Name())
	}
}
func (r *fieldNames) PopStep()          { r.path = r.path[:len(r.path)-1] }
func (r *fieldNames) Report(cmp.Result) {}
