package workloads

import (
	"path/filepath"

	"longfirst/infer/backend"
	"longfirst/infer/esm2"
)

// model is a model of random weights that several workloads use. The first one that needs it writes it.
type model struct {
	name   string
	config esm2.Config
	dtype  backend.DType // of its weights

	folder string // "" until it is there
}

// namedModel returns a model of a published size.
func namedModel(name string) *model {
	config, _ := esm2.Named(name)
	return &model{name: name, config: config, dtype: backend.F32}
}

func (m *model) String() string { return m.name }

// prepare writes the model below dir, unless it is there already.
func (m *model) prepare(dir string) error {
	if m.folder != "" {
		return nil
	}
	folder := filepath.Join(dir, m.name)
	if err := esm2.InitAs(folder, m.config, seed, m.dtype); err != nil {
		return err
	}
	m.folder = folder
	return nil
}
