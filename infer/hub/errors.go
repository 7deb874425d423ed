package hub

import "errors"

// Refused before anything is fetched.
var (
	// ErrReference: the text names no model of a hub.
	ErrReference = errors.New("not a model id of the form OWNER/NAME or OWNER/NAME@REVISION")
	// ErrOffline: the model is not wholly in the cache, and the hub must not be asked.
	ErrOffline = errors.New("not in the cache, and HF_HUB_OFFLINE forbids to ask the hub")
)

// Answers of a hub.
var (
	// ErrNotFound: the hub has no such model, revision or file, or hides it from who asks.
	ErrNotFound = errors.New("not found on the hub")
	// ErrAccess: the model needs a token, or one whose owner accepted its conditions.
	ErrAccess = errors.New("access denied by the hub")
	// ErrTransfer: the hub could not be reached, or answered with errors until the attempts were used up.
	ErrTransfer = errors.New("transfer failed")
	// ErrDigest: what arrived is not what the hub announced.
	ErrDigest = errors.New("content does not have the digest the hub announced")
)
