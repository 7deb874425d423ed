package hub

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub serves one model, OWNER/NAME "lab/model", as a hub does: small files itself, weights by a redirect to another
// host. Each fault is taken once from its list.
type fakeHub struct {
	files map[string][]byte

	mu       sync.Mutex
	faults   []func(http.ResponseWriter, *http.Request, []byte) bool // of content; false: serve as usual
	requests []string                                                // method, path and range of each
	leaked   bool                                                    // the token reached the other host

	hub, store *httptest.Server
}

func newFakeHub(t *testing.T, files map[string][]byte) *fakeHub {
	h := &fakeHub{files: files}
	h.store = httptest.NewServer(http.HandlerFunc(h.serveStore))
	h.hub = httptest.NewServer(http.HandlerFunc(h.serveHub))
	t.Cleanup(h.hub.Close)
	t.Cleanup(h.store.Close)
	return h
}

func isLarge(name string) bool {
	return strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".bin")
}

func (h *fakeHub) note(r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Range")))
}

func (h *fakeHub) serveHub(w http.ResponseWriter, r *http.Request) {
	h.note(r)
	if renamed, ok := strings.CutPrefix(r.URL.Path, "/lab/old/"); ok {
		http.Redirect(w, r, "/lab/model/"+renamed, http.StatusTemporaryRedirect)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/lab/model/resolve/")
	revision, name, _ := strings.Cut(path, "/")
	content, there := h.files[name]
	switch {
	case strings.HasPrefix(r.URL.Path, "/lab/gated/"):
		w.Header().Set("X-Error-Code", "GatedRepo")
		w.WriteHeader(http.StatusForbidden)
		return
	case strings.HasPrefix(r.URL.Path, "/lab/private/") && r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
		return
	case ok && revision != "main" && revision != commit:
		w.Header().Set("X-Error-Code", "RevisionNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	case !ok || !there:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	if isLarge(name) {
		sum := sha256.Sum256(content)
		w.Header().Set("X-Linked-Etag", strconv.Quote(hex.EncodeToString(sum[:])))
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		http.Redirect(w, r, h.store.URL+"/"+name, http.StatusFound)
		return
	}
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...))
	w.Header().Set("Etag", `W/`+strconv.Quote(hex.EncodeToString(sum[:])))
	h.serveContent(w, r, name, content)
}

func (h *fakeHub) serveStore(w http.ResponseWriter, r *http.Request) {
	h.note(r)
	if r.Header.Get("Authorization") != "" {
		h.leaked = true
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	h.serveContent(w, r, name, h.files[name])
}

func (h *fakeHub) serveContent(w http.ResponseWriter, r *http.Request, name string, content []byte) {
	if r.Method == http.MethodGet {
		h.mu.Lock()
		var fault func(http.ResponseWriter, *http.Request, []byte) bool
		if len(h.faults) > 0 {
			fault, h.faults = h.faults[0], h.faults[1:]
		}
		h.mu.Unlock()
		if fault != nil && fault(w, r, content) {
			return
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (h *fakeHub) client(t *testing.T) *Client {
	return &Client{Endpoint: h.hub.URL, Cache: t.TempDir(), Token: "secret",
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

func (h *fakeHub) count(prefix string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, request := range h.requests {
		if strings.HasPrefix(request, prefix) {
			n++
		}
	}
	return n
}

func model() map[string][]byte {
	large := make([]byte, 3<<20)
	for i := range large {
		large[i] = byte(i * i >> 7)
	}
	return map[string][]byte{"config.json": []byte("{}\n"), "vocab.txt": []byte("<cls>\n"), "model.safetensors": large, "README.md": nil}
}

var ref = Reference{"lab", "model", DefaultRevision}

// same fails unless dir holds the files, named, and nothing else.
func same(t *testing.T, dir string, files map[string][]byte, names ...string) {
	t.Helper()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(content, files[name]) {
			t.Errorf("%s: %d bytes, want %d: %v", name, len(content), len(files[name]), err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != len(names) {
		t.Errorf("%d files in %s, want %v", len(entries), dir, names)
	}
}

func TestPull(t *testing.T) {
	h := newFakeHub(t, model())
	c := h.client(t)
	if dir, ok := c.Cached(ref); ok {
		t.Fatalf("an empty cache holds %s", dir)
	}
	dir, err := c.Pull(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, h.files, "config.json", "vocab.txt", "model.safetensors")
	if h.leaked {
		t.Error("the token was sent to another host")
	}
	if cached, ok := c.Cached(ref); !ok || cached != dir {
		t.Errorf("in the cache: %q, %t", cached, ok)
	}
	if cached, ok := c.Cached(Reference{"lab", "model", commit}); !ok || cached != dir {
		t.Errorf("in the cache by commit: %q, %t", cached, ok)
	}

	// Where huggingface_hub looks for it.
	link, err := os.Readlink(filepath.Join(dir, "model.safetensors"))
	sum := sha256.Sum256(h.files["model.safetensors"])
	if want := "../../blobs/" + hex.EncodeToString(sum[:]); filepath.ToSlash(link) != want {
		t.Errorf("linked to %q, want %q: %v", link, want, err)
	}
	if text, err := os.ReadFile(filepath.Join(c.Cache, "models--lab--model", "refs", "main")); string(text) != commit {
		t.Errorf("refs/main is %q: %v", text, err)
	}

	// Nothing is fetched twice.
	before := h.count("GET")
	if again, err := c.Pull(t.Context(), ref); err != nil || again != dir || h.count("GET") != before {
		t.Errorf("again: %q, %v, %d transfers", again, err, h.count("GET")-before)
	}
	c.Offline = true
	before = len(h.requests)
	if again, err := c.Pull(t.Context(), ref); err != nil || again != dir || len(h.requests) != before {
		t.Errorf("offline: %q, %v, %d requests", again, err, len(h.requests)-before)
	}
}

func TestPullShards(t *testing.T) {
	files := model()
	files["model-2.safetensors"] = files["model.safetensors"][:1<<20]
	files["model-1.safetensors"] = files["model.safetensors"][1<<20:]
	delete(files, "model.safetensors")
	files["model.safetensors.index.json"] = []byte(`{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors","c":"model-1.safetensors"}}`)
	h := newFakeHub(t, files)
	c := h.client(t)
	dir, err := c.Pull(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, files, "config.json", "vocab.txt", "model.safetensors.index.json", "model-1.safetensors", "model-2.safetensors")

	// A shard whose content is gone makes the model incomplete.
	blob, err := filepath.EvalSymlinks(filepath.Join(dir, "model-2.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Cached(ref); ok {
		t.Error("a model without one of its shards counts as cached")
	}

	files["model.safetensors.index.json"] = []byte(`{"weight_map":{"a":"../../x"}}`)
	if _, err := h.client(t).Pull(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "plain file name") {
		t.Errorf("a shard outside the folder: %v", err)
	}
}

func TestPullPickledWeights(t *testing.T) {
	files := model()
	files["pytorch_model.bin"] = files["model.safetensors"]
	delete(files, "model.safetensors")
	h := newFakeHub(t, files)
	dir, err := h.client(t).Pull(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, files, "config.json", "vocab.txt", "pytorch_model.bin")
}

func TestRenamedModel(t *testing.T) {
	h := newFakeHub(t, model())
	dir, err := h.client(t).Pull(t.Context(), Reference{"lab", "old", DefaultRevision})
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, h.files, "config.json", "vocab.txt", "model.safetensors")
}
