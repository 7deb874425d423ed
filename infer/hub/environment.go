package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// defaultEndpoint is the public hub.
const defaultEndpoint = "https://huggingface.co"

// FromEnvironment returns a client set up by the variables huggingface_hub reads: HF_ENDPOINT; HF_HUB_CACHE, HF_HOME and
// XDG_CACHE_HOME for the cache; HF_TOKEN, or the file HF_TOKEN_PATH names or HF_HOME holds; HF_HUB_OFFLINE. Proxies are
// those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func FromEnvironment() (*Client, error) {
	endpoint := strings.TrimRight(os.Getenv("HF_ENDPOINT"), "/")
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("HF_ENDPOINT is %q: it is the address of a hub, such as %s", endpoint, defaultEndpoint)
	}
	home, err := homeFolder()
	if err != nil {
		return nil, err
	}
	cache := os.Getenv("HF_HUB_CACHE")
	if cache == "" {
		cache = filepath.Join(home, "hub")
	}
	token, err := readToken(home)
	if err != nil {
		return nil, err
	}
	return &Client{Endpoint: endpoint, Cache: cache, Token: token, Offline: isTrue(os.Getenv("HF_HUB_OFFLINE"))}, nil
}

// homeFolder is where huggingface_hub keeps everything.
func homeFolder() (string, error) {
	if home := os.Getenv("HF_HOME"); home != "" {
		return home, nil
	}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "huggingface"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the model cache: %w; set HF_HOME", err)
	}
	return filepath.Join(home, ".cache", "huggingface"), nil
}

// readToken returns the token of the environment or of the file that `hf auth login` writes; "" where there is none.
func readToken(home string) (string, error) {
	if token := strings.TrimSpace(os.Getenv("HF_TOKEN")); token != "" {
		return token, nil
	}
	path := os.Getenv("HF_TOKEN_PATH")
	if path == "" {
		path = filepath.Join(home, "token")
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("reading the hub's token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// isTrue reads a switch as huggingface_hub does.
func isTrue(value string) bool {
	switch strings.ToUpper(value) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
