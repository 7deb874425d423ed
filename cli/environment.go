package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// siteFlags describe a machine or the habits of who uses it rather than one run, and can be set once, by the variable
// LONGFIRST_ and their name. What a run reads, writes or may destroy is always typed.
var siteFlags = []string{
	"model", "device", "gpus", "workers", "threads", "memory", "max-length", "gaps", "dtype", "compute", "canary", "log-format", "quiet",
}

// fromEnvironment lets the site flags among flags be set by variables.
func fromEnvironment(flags []cli.Flag) {
	for _, flag := range flags {
		name := flag.Names()[0]
		if !slices.Contains(siteFlags, name) {
			continue
		}
		variable := []string{"LONGFIRST_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
		switch flag := flag.(type) {
		case *cli.StringFlag:
			flag.EnvVars = variable
		case *cli.IntFlag:
			flag.EnvVars = variable
		case *cli.BoolFlag:
			flag.EnvVars = variable
		default:
			panic("the flag --" + name + " is of a type that is not set by a variable")
		}
	}
}
