// Package hub fetches model folders from a Hugging Face hub into the cache that Python's huggingface_hub keeps
// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache), so that a model is on a machine once, whoever asked
// for it first:
//
//	CACHE/models--OWNER--NAME/refs/REVISION          the commit that a branch or tag was last seen at
//	CACHE/models--OWNER--NAME/blobs/DIGEST           content; DIGEST.incomplete while it arrives
//	CACHE/models--OWNER--NAME/snapshots/COMMIT/FILE  links to blobs: a model folder
//	CACHE/.locks/models--OWNER--NAME/DIGEST.lock     held while a blob arrives
//
// A blob appears under its name only after its size and digest were compared with what the hub said of it: SHA-256 for
// large files, git's SHA-1 of a blob for small ones. What arrived of an interrupted transfer is kept and continued.
package hub
