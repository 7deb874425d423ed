//go:build !linux

package main

// parentDeath has no counterpart here.
const parentDeath = "none"
