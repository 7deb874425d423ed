package index

import (
	"encoding/binary"
	"hash/crc32"
	"slices"

	bolt "go.etcd.io/bbolt"
)

var (
	bucketMeta   = []byte("meta")
	bucketMtime  = []byte("mtime")
	bucketLength = []byte("length")
)

// pairChecksum continues a CRC-32C over one pair of a bucket, lengths first so that no two lists of pairs look alike.
func pairChecksum(sum uint32, key, value []byte) uint32 {
	var lengths [8]byte
	binary.LittleEndian.PutUint32(lengths[:], uint32(len(key)))
	binary.LittleEndian.PutUint32(lengths[4:], uint32(len(value)))
	sum = crc32.Update(sum, castagnoli, lengths[:])
	return crc32.Update(crc32.Update(sum, castagnoli, key), castagnoli, value)
}

// pairsChecksum is the fact checksum over the two small buckets, each in key order, meta first.
func pairsChecksum(meta, mtime map[string]string) uint32 {
	var sum uint32
	for _, pairs := range []map[string]string{meta, mtime} {
		for _, key := range sortedKeys(pairs) {
			if key != factChecksum {
				sum = pairChecksum(sum, []byte(key), []byte(pairs[key]))
			}
		}
	}
	return sum
}

func sortedKeys(pairs map[string]string) []string {
	keys := make([]string, 0, len(pairs))
	for key := range pairs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// readPairs copies a small bucket. limit is the size of the file: a damaged length may claim more.
func readPairs(bucket *bolt.Bucket, limit int64) (map[string]string, bool) {
	pairs := map[string]string{}
	cursor := bucket.Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		if limit -= int64(len(key)) + int64(len(value)); limit < 0 {
			return nil, false
		}
		pairs[string(key)] = string(value)
	}
	return pairs, true
}
