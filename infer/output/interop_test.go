//go:build interop

package output

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// TestInterop opens what this package writes with pyarrow, pandas, polars and DuckDB. LONGFIRST_PYTHON names a Python
// that has testdata/requirements.txt.
func TestInterop(t *testing.T) {
	for _, dtype := range []DType{Float32, Float16} {
		t.Run(string(dtype), func(t *testing.T) {
			d := newDataSet(t, 300, 33, dtype)
			// One block without a row, and the temporary file of a writer that was killed.
			for _, ordinal := range d.blocks[1].Ordinals {
				if _, ok := d.skip(ordinal); !ok {
					d.skips = append(d.skips, Skip{Ordinal: ordinal, Reason: SkipFailed, Detail: "made up"})
				}
			}
			d.write(t)
			w, err := CreatePart(d.dir, d.infos[0])
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			folder := t.TempDir()
			for _, export := range []func(context.Context, Dir, string, string) (Export, error){ExportNPY, ExportNPZ, ExportSafetensors, ExportESMExtract} {
				if _, err := export(t.Context(), d.dir, "embedding", folder); err != nil {
					t.Fatal(err)
				}
			}
			out, err := exec.Command(os.Getenv("LONGFIRST_PYTHON"), "testdata/interop.py", string(d.dir), folder).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
