package hub

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// DefaultRevision is the branch that is meant where a reference names none.
const DefaultRevision = "main"

// Reference names a model of a hub at a revision: a branch, a tag or a commit.
type Reference struct {
	Owner, Name, Revision string
}

var (
	namePattern     = pattern(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$`)
	revisionPattern = pattern(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$`)
	commitPattern   = pattern(`^[0-9a-f]{40}$`)
)

// pattern compiles at first use: every process of a run would pay for it otherwise, and hardly one uses it.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// ParseReference reads OWNER/NAME or OWNER/NAME@REVISION. Errors: ErrReference.
func ParseReference(text string) (Reference, error) {
	id, revision, pinned := strings.Cut(text, "@")
	if !pinned {
		revision = DefaultRevision
	}
	owner, name, _ := strings.Cut(id, "/")
	for _, part := range []string{owner, name} {
		if !namePattern().MatchString(part) || strings.Contains(part, "..") || strings.Contains(part, "--") {
			return Reference{}, fmt.Errorf("%q: %w", text, ErrReference)
		}
	}
	if !revisionPattern().MatchString(revision) || strings.Contains(revision, "..") || strings.HasSuffix(revision, "/") {
		return Reference{}, fmt.Errorf("%q: %w", text, ErrReference)
	}
	return Reference{owner, name, revision}, nil
}

// String returns what ParseReference reads.
func (r Reference) String() string {
	if r.Revision == DefaultRevision {
		return r.id()
	}
	return r.id() + "@" + r.Revision
}

func (r Reference) id() string { return r.Owner + "/" + r.Name }

// folder is the model's name among the folders of a cache.
func (r Reference) folder() string { return "models--" + r.Owner + "--" + r.Name }
