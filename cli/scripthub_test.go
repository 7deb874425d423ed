package main

import (
	"bytes"
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
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hubCommit is the commit that the branch main of every model of a script's hub is at.
const hubCommit = "0123456789abcdef0123456789abcdef01234567"

// hubVariables are what finds the hub and its cache.
var hubVariables = []string{"HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE", "HTTP_PROXY"}

// cmdHub starts a hub that serves the folders OWNER/NAME below FOLDER as models, and points the script's programs at it.
// With "proxy" they find it through a proxy only: its name is known to nobody else.
func cmdHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 || len(args) == 2 && args[1] != "proxy" {
		ts.Fatalf("usage: hub FOLDER [proxy]")
	}
	folder := ts.MkAbs(args[0])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, file, ok := strings.Cut(r.URL.Path, "/resolve/")
		_, name, _ := strings.Cut(file, "/")
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(id), name))
		if !ok || err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("X-Repo-Commit", hubCommit)
		w.Header().Set("Etag", strconv.Quote(hubDigest(name, content)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	ts.Defer(server.Close)
	ts.Setenv("HF_HOME", ts.MkAbs("hf"))
	ts.Setenv("HF_ENDPOINT", server.URL)
	if len(args) == 2 {
		ts.Setenv("HF_ENDPOINT", "http://hub.example")
		ts.Setenv("HTTP_PROXY", server.URL)
	}
}

func hubDigest(name string, content []byte) string {
	if strings.HasSuffix(name, ".safetensors") {
		sum := sha256.Sum256(content)
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(content)), content...))
	return hex.EncodeToString(sum[:])
}
