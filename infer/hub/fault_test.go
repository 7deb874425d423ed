package hub

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

type fault = func(http.ResponseWriter, *http.Request, []byte) bool

// onLarge puts a fault on the weights, and leaves others as they are.
func onLarge(f fault) []fault {
	usual := func(http.ResponseWriter, *http.Request, []byte) bool { return false }
	return []fault{usual, usual, f} // config.json, vocab.txt, weights
}

// abort ends the connection in the middle of an answer.
func abort(w http.ResponseWriter) {
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func cut(at int) fault {
	return func(w http.ResponseWriter, _ *http.Request, content []byte) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:at])
		abort(w)
		return true
	}
}

func status(code int, header ...string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

// What may pass is tried again, and the model is whole in the end.
func TestFaultsThatPass(t *testing.T) {
	for name, faults := range map[string][]fault{
		"cut":            onLarge(cut(1234567)),
		"cut at once":    onLarge(cut(0)),
		"small file cut": {cut(1)},
		"cut repeatedly": append(onLarge(cut(1000)), func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			if r.Header.Get("Range") != "bytes=1000-" {
				return false
			}
			w.Header().Set("Content-Range", "bytes 1000-2000000/3145728")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[1000:500000])
			abort(w)
			return true
		}),
		"no ranges": append(onLarge(cut(70000)), func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			w.Write(content)
			return true
		}),
		"other range": append(onLarge(cut(70000)), func(w http.ResponseWriter, r *http.Request, content []byte) bool {
			w.Header().Set("Content-Range", "bytes 0-3145727/3145728")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content)
			return true
		}),
		"shorter than announced": onLarge(func(w http.ResponseWriter, _ *http.Request, content []byte) bool {
			w.Write(content[:1<<20])
			return true
		}),
		"longer than announced": onLarge(func(w http.ResponseWriter, _ *http.Request, content []byte) bool {
			w.Write(append(bytes.Clone(content), "more"...))
			return true
		}),
		"429":          {status(http.StatusTooManyRequests, "Retry-After", "7")},
		"5xx":          {status(500), status(502), status(503), status(504)},
		"5xx, weights": onLarge(status(503)),
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t, model())
			h.faults = faults
			c := h.client(t)
			var waits []time.Duration
			c.Wait = func(_ context.Context, pause time.Duration) error { waits = append(waits, pause); return nil }
			dir, err := c.Pull(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			same(t, dir, h.files, "config.json", "vocab.txt", "model.safetensors")
			if len(h.faults) > 0 {
				t.Errorf("%d faults were never met", len(h.faults))
			}
			if name == "429" && (len(waits) != 1 || waits[0] < 7*time.Second) {
				t.Errorf("waited %v, was asked for 7 s", waits)
			}
			if left, _ := filepath.Glob(filepath.Join(c.Cache, "*", "blobs", "*.incomplete")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFaultsThatStay(t *testing.T) {
	flipped := func(w http.ResponseWriter, _ *http.Request, content []byte) bool {
		content = bytes.Clone(content)
		content[len(content)/2] ^= 1
		w.Write(content)
		return true
	}
	for name, test := range map[string]struct {
		ref    Reference
		faults []fault
		is     error
		want   string
	}{
		"wrong digest, weights":    {ref, onLarge(flipped), ErrDigest, "model.safetensors"},
		"wrong digest, small file": {ref, []fault{flipped}, ErrDigest, "config.json"},
		"server out of order": {ref, []fault{status(500), status(500), status(500), status(500), status(500), status(500)},
			ErrTransfer, "500"},
		"no such model":    {Reference{"lab", "none", "main"}, nil, ErrNotFound, "lab/none"},
		"no such revision": {Reference{"lab", "model", "v9"}, nil, ErrNotFound, "revision"},
		"conditions":       {Reference{"lab", "gated", "main"}, nil, ErrAccess, "conditions"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t, model())
			h.faults = test.faults
			c := h.client(t)
			_, err := c.Pull(t.Context(), test.ref)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %v with %q", err, test.is, test.want)
			}
			if _, ok := c.Cached(test.ref); ok {
				t.Error("the model counts as cached")
			}
			if test.is == ErrDigest { // run again, it comes
				if _, err := c.Pull(t.Context(), test.ref); err != nil {
					t.Errorf("again: %v", err)
				}
			}
		})
	}
	h := newFakeHub(t, model())
	c := h.client(t)
	c.Token = ""
	if _, err := c.Pull(t.Context(), Reference{"lab", "private", "main"}); !errors.Is(err, ErrAccess) || !strings.Contains(err.Error(), "HF_TOKEN") {
		t.Errorf("a private model without a token: %v", err)
	}
	c.Offline = true
	if _, err := c.Pull(t.Context(), ref); !errors.Is(err, ErrOffline) {
		t.Errorf("offline with an empty cache: %v", err)
	}
	h.hub.Close()
	c.Offline = false
	if _, err := c.Pull(t.Context(), ref); !errors.Is(err, ErrTransfer) {
		t.Errorf("no hub there: %v", err)
	}
}

// A pull that was interrupted goes on where it stopped, in another process as well.
func TestResume(t *testing.T) {
	h := newFakeHub(t, model())
	h.faults = onLarge(cut(1 << 20))
	c := h.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := c.Pull(ctx, ref); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	dir, err := (&Client{Endpoint: c.Endpoint, Cache: c.Cache}).Pull(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	same(t, dir, h.files, "config.json", "vocab.txt", "model.safetensors")
	if h.count("GET /model.safetensors bytes=") != 1 {
		t.Errorf("not continued: %v", h.requests)
	}
}

func TestPullsAtOnceFetchOnce(t *testing.T) {
	h := newFakeHub(t, model())
	cache := t.TempDir()
	var pulls sync.WaitGroup
	for range 4 {
		pulls.Go(func() {
			if _, err := (&Client{Endpoint: h.hub.URL, Cache: cache}).Pull(t.Context(), ref); err != nil {
				t.Error(err)
			}
		})
	}
	pulls.Wait()
	if n := h.count("GET /model.safetensors"); n != 1 {
		t.Errorf("the weights were fetched %d times", n)
	}
}

func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HF_ENDPOINT", "HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	get := func() *Client {
		t.Helper()
		c, err := FromEnvironment()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := get(); c.Endpoint != "https://huggingface.co" || c.Cache != filepath.Join(home, ".cache", "huggingface", "hub") || c.Token != "" || c.Offline {
		t.Errorf("nothing set: %+v", c)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "xdg"))
	if c := get(); c.Cache != filepath.Join(home, "xdg", "huggingface", "hub") {
		t.Errorf("XDG_CACHE_HOME: %+v", c)
	}
	t.Setenv("HF_HOME", filepath.Join(home, "hf"))
	if err := os.MkdirAll(filepath.Join(home, "hf"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "hf", "token"), []byte("of the login\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := get(); c.Cache != filepath.Join(home, "hf", "hub") || c.Token != "of the login" {
		t.Errorf("HF_HOME: %+v", c)
	}
	t.Setenv("HF_TOKEN", "first")
	t.Setenv("HF_HUB_CACHE", filepath.Join(home, "cache"))
	t.Setenv("HF_ENDPOINT", "http://mirror.example/")
	t.Setenv("HF_HUB_OFFLINE", "true")
	if c := get(); c.Cache != filepath.Join(home, "cache") || c.Token != "first" || c.Endpoint != "http://mirror.example" || !c.Offline {
		t.Errorf("all set: %+v", c)
	}
	t.Setenv("HF_ENDPOINT", "mirror.example")
	if _, err := FromEnvironment(); err == nil || !strings.Contains(err.Error(), "HF_ENDPOINT") {
		t.Errorf("an endpoint without a scheme: %v", err)
	}
}

func TestParseReference(t *testing.T) {
	for text, want := range map[string]Reference{
		"facebook/esm2_t6_8M_UR50D": {"facebook", "esm2_t6_8M_UR50D", "main"},
		"lab/model@v1.0":            {"lab", "model", "v1.0"},
		"lab/model@refs/pr/3":       {"lab", "model", "refs/pr/3"},
		"lab/model@" + commit:       {"lab", "model", commit},
	} {
		got, err := ParseReference(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
		if again, err := ParseReference(got.String()); again != got {
			t.Errorf("%q does not read back: %v", got, err)
		}
	}
	for _, text := range []string{"", "model", "a/b/c", "/model", "lab/", "lab/..", "../model", "lab/model@", "lab/model@../x", "lab/mo del", "./model", "lab/a--b"} {
		if got, err := ParseReference(text); !errors.Is(err, ErrReference) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}
