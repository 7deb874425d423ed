package main

import (
	"errors"
	"io"
	"log/slog"

	"longfirst/bench"
	"longfirst/bench/page"
)

// benchKept is where the results of a run are kept, while it goes on and at its end.
type benchKept struct {
	dir  string // of results folders; "" for none
	json string // file; "" for none
	log  *slog.Logger

	folder string // "" until it is there
}

// keep writes what a report holds now over what was kept of it before.
func (k *benchKept) keep(r *bench.Report) error {
	var errs []error
	if k.json != "" {
		errs = append(errs, writeTo(k.json, r.WriteJSON))
	}
	if k.dir != "" && len(r.Results) > 0 {
		errs = append(errs, k.save(r))
	}
	return errors.Join(errs...)
}

func (k *benchKept) save(r *bench.Report) (err error) {
	if k.folder == "" {
		if k.folder, err = r.Folder(k.dir); err != nil {
			return err
		}
		k.log.Info("results are kept as workloads end", "folder", k.folder)
	}
	return r.Save(k.folder, bench.File{Name: page.Name, Write: benchPage(r)})
}

func benchPage(r *bench.Report) func(io.Writer) error {
	return func(w io.Writer) error { return page.Write(w, r) }
}
