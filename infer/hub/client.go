package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// attempts are made for a request that fails in a way that may pass. Attempts that brought bytes do not count.
const attempts = 6

// maxWait bounds a pause between attempts, also one that the hub asks for.
const maxWait = 5 * time.Minute

// Client asks one hub.
type Client struct {
	Endpoint string // scheme and host, no slash at the end
	Cache    string // folder
	Token    string // "" asks without one
	Offline  bool   // take what the cache holds, ask nothing

	Log      *slog.Logger                               // nil: silent
	Progress func(file string, done, total int64)       // bytes; nil: none
	Wait     func(context.Context, time.Duration) error // between attempts; nil: sleeps
}

// remote is what the hub says about a file at a commit.
type remote struct {
	name   string
	commit string
	digest string // lower-case hex: SHA-256, or git's SHA-1 of a blob
	size   int64
}

func (c *Client) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

// url returns the address of a file at a revision.
func (c *Client) url(ref Reference, revision, file string) string {
	return c.Endpoint + "/" + ref.id() + "/resolve/" + url.PathEscape(revision) + "/" + url.PathEscape(file)
}

// head asks for a file's commit, digest and size. Large files answer with a redirect to where their content is: its
// headers, not those at its target, describe the file. A redirect within the hub, of a renamed model, is followed.
func (c *Client) head(ctx context.Context, ref Reference, revision, file string) (remote, error) {
	target := c.url(ref, revision, file)
	var header http.Header
	err := c.persist(ctx, target, func() (int64, error) {
		response, err := c.ask(ctx, http.MethodHead, target, 0, func(next *http.Request, via []*http.Request) error {
			if next.URL.Host != via[0].URL.Host || next.Response.Header.Get("X-Linked-Etag") != "" || len(via) > 5 {
				return http.ErrUseLastResponse
			}
			return nil
		})
		if err == nil {
			header = response.Header
			response.Body.Close()
		}
		return 0, err
	})
	if err != nil {
		return remote{}, err
	}
	first := func(names ...string) string {
		for _, name := range names {
			if value := header.Get(name); value != "" {
				return value
			}
		}
		return ""
	}
	r := remote{name: file, commit: header.Get("X-Repo-Commit"), digest: strings.Trim(strings.TrimPrefix(first("X-Linked-Etag", "Etag"), "W/"), `"`)}
	size, err := strconv.ParseInt(first("X-Linked-Size", "Content-Length"), 10, 64)
	switch {
	case !commitPattern().MatchString(r.commit):
		return remote{}, fmt.Errorf("%s: %w: the answer names no commit (X-Repo-Commit): is %s a Hugging Face hub?", target, ErrTransfer, c.Endpoint)
	case newDigest(r.digest, 0) == nil:
		return remote{}, fmt.Errorf("%s: %w: the answer names no digest to check the content by (ETag %q)", target, ErrTransfer, r.digest)
	case err != nil || size < 0:
		return remote{}, fmt.Errorf("%s: %w: the answer names no size", target, ErrTransfer)
	}
	r.size = size
	return r, nil
}

// ask makes one request, for a file from the byte `from` on. The body of the answer is for the caller to close.
func (c *Client) ask(ctx context.Context, method, target string, from int64, redirect func(*http.Request, []*http.Request) error) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "longfirst")
	request.Header.Set("Accept-Encoding", "identity") // sizes and ranges are those of the file
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := (&http.Client{CheckRedirect: redirect}).Do(request)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	} else if err != nil {
		return nil, &transferError{reason: err}
	}
	if err := verdict(response, c.Token != ""); err != nil {
		io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can be used again
		response.Body.Close()
		return nil, err
	}
	return response, nil
}

// follow lets a request for content go to another host, without the token: it is the hub's alone.
func follow(next *http.Request, via []*http.Request) error {
	if len(via) > 10 {
		return errors.New("more than 10 redirects")
	}
	if next.URL.Host != via[0].URL.Host {
		next.Header.Del("Authorization")
	}
	return nil
}

// transferError is a failure that may pass, after the pause that the server asked for.
type transferError struct {
	reason error
	after  time.Duration
}

func (e *transferError) Error() string   { return fmt.Sprintf("%v: %v", ErrTransfer, e.reason) }
func (e *transferError) Unwrap() []error { return []error{ErrTransfer, e.reason} }

// persist tries until it succeeds, or fails with anything but an ErrTransfer, or with that several times in a row
// without having brought a byte.
func (c *Client) persist(ctx context.Context, target string, try func() (brought int64, err error)) error {
	for failures := 0; ; {
		brought, err := try()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		var passing *transferError
		if !errors.As(err, &passing) {
			return fmt.Errorf("%s: %w", target, err)
		}
		if brought > 0 {
			failures = 0
		}
		if failures++; failures == attempts {
			return fmt.Errorf("%s: %w; %d attempts. The same command continues where this one stopped", target, err, attempts)
		}
		pause := max(backOff(failures), passing.after)
		c.log().Warn("hub: trying again", "url", target, "reason", err, "after", pause.Round(time.Millisecond))
		if err := c.wait(ctx, pause); err != nil {
			return err
		}
	}
}

// verdict tells what an answer means.
func verdict(response *http.Response, token bool) error {
	code, reason := response.StatusCode, response.Header.Get("X-Error-Code")
	switch {
	case code < 400:
		return nil
	case reason == "GatedRepo" || code == http.StatusForbidden:
		return fmt.Errorf("%w (%s): accept the model's conditions on its page, and set HF_TOKEN to a token of that account", ErrAccess, response.Status)
	case code == http.StatusUnauthorized && token:
		return fmt.Errorf("%w (%s): there is no such model, or the token in use (HF_TOKEN or the login's file) may not see it", ErrAccess, response.Status)
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%w (%s): there is no such model, or it is private: set HF_TOKEN", ErrAccess, response.Status)
	case code == http.StatusNotFound && reason == "RevisionNotFound":
		return fmt.Errorf("%w: there is no such revision", ErrNotFound)
	case code == http.StatusNotFound:
		return fmt.Errorf("%w (%s)", ErrNotFound, response.Status)
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return &transferError{errors.New(response.Status), retryAfter(response.Header)}
	}
	return fmt.Errorf("unexpected answer of the hub: %s", response.Status)
}

// backOff doubles from a second, with a random share so that many machines do not return together.
func backOff(attempt int) time.Duration {
	base := time.Second << (attempt - 1)
	return base/2 + rand.N(base)
}

// retryAfter returns the pause that a header asks for.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxWait)
	}
	return 0
}

func (c *Client) wait(ctx context.Context, pause time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, pause)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
