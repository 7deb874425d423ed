package hub

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// blob makes sure that the content of r is in the cache, and returns its path. Of processes that want the same blob one
// fetches it and the others wait.
func (c *Client) blob(ctx context.Context, ref Reference, r remote) (string, error) {
	path := filepath.Join(c.Cache, ref.folder(), "blobs", r.digest)
	lockPath := filepath.Join(c.Cache, ".locks", ref.folder(), r.digest+".lock")
	for _, p := range []string{path, lockPath} {
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			return "", err
		}
	}
	if held(path, r.size) {
		return path, nil
	}
	lock := flock.New(lockPath)
	if ok, err := lock.TryLock(); err == nil && !ok {
		c.log().Info("another process fetches this file: waiting", "file", r.name, "lock", lockPath)
		if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
	} // A file system without locks costs a second transfer at worst: the rename below is what makes a blob.
	defer lock.Unlock()
	if held(path, r.size) {
		return path, nil
	}
	return path, c.fetch(ctx, ref, r, path)
}

// held tells whether the blob is there. Its content was checked when it got its name.
func held(path string, size int64) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// fetch brings the bytes that are missing to path.incomplete, checks the whole and gives it its name.
func (c *Client) fetch(ctx context.Context, ref Reference, r remote, path string) error {
	partial := path + ".incomplete"
	f, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	digest := newDigest(r.digest, r.size)
	have, err := io.Copy(digest, io.LimitReader(f, r.size)) // what an earlier transfer brought
	if err != nil {
		return err
	}
	target := c.url(ref, r.commit, r.name)
	err = c.persist(ctx, target, func() (int64, error) {
		brought, err := c.receive(ctx, target, r, f, io.MultiWriter(f, digest), have)
		have += brought
		return brought, err
	})
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(digest.Sum(nil)); sum != r.digest {
		// Kept, it would be continued and refused again.
		return errors.Join(fmt.Errorf("%s: %w: it has %s, announced was %s; removed: run the same command again",
			target, ErrDigest, sum, r.digest), f.Close(), os.Remove(partial))
	}
	if err := errors.Join(f.Truncate(r.size), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// receive asks for the bytes from `have` on and copies what comes, at most to the announced size.
func (c *Client) receive(ctx context.Context, target string, r remote, f *os.File, to io.Writer, have int64) (int64, error) {
	if have == r.size {
		return 0, nil
	}
	response, err := c.ask(ctx, http.MethodGet, target, have, follow)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusPartialContent:
		if got := response.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", have)) {
			return 0, &transferError{reason: fmt.Errorf("asked for the bytes from %d on, got %q", have, got)}
		}
	case http.StatusOK: // a server without ranges sends all of it again
		if _, err := io.CopyN(io.Discard, response.Body, have); err != nil {
			return 0, &transferError{reason: fmt.Errorf("before byte %d: %w", have, err)}
		}
	default:
		return 0, &transferError{reason: errors.New(response.Status)}
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return 0, err
	}
	var brought int64
	buffer := make([]byte, 1<<20)
	for have+brought < r.size {
		n, err := response.Body.Read(buffer)
		n = int(min(int64(n), r.size-have-brought))
		if _, err := to.Write(buffer[:n]); err != nil {
			return brought, err
		}
		brought += int64(n)
		if c.Progress != nil && n > 0 {
			c.Progress(r.name, have+brought, r.size)
		}
		if err != nil && have+brought < r.size {
			return brought, &transferError{reason: fmt.Errorf("broke off at byte %d of %d: %w", have+brought, r.size, err)}
		}
	}
	return brought, nil
}

// link gives a blob its file name in the snapshot of a commit.
func link(blob, snapshot, name string) error {
	if err := os.MkdirAll(snapshot, 0o777); err != nil {
		return err
	}
	path := filepath.Join(snapshot, name)
	relative, err := filepath.Rel(snapshot, blob)
	if err != nil {
		return err
	}
	if target, err := os.Readlink(path); err == nil && target == relative {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(relative, path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Link(blob, path) // where links need a privilege
}
