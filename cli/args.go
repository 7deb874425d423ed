package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// interleave moves flags in front of the arguments of their command, since the flag parser stops at the first argument:
// `infer a.fa --out d` becomes `infer --out d -- a.fa`. A `--` of the user's ends the flags.
func interleave(app *cli.App, args []string) []string {
	if len(args) == 0 || args[len(args)-1] == completionFlag {
		return args
	}
	out := []string{args[0]}
	known, commands := app.Flags, app.Commands
	var flags, arguments []string
	rest := args[1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "--":
			arguments = append(arguments, rest...)
			rest = nil
		case strings.HasPrefix(arg, "-") && len(arg) > 1:
			flags = append(flags, arg)
			if takesValue(known, arg) && len(rest) > 0 {
				flags = append(flags, rest[0])
				rest = rest[1:]
			}
		default:
			if c := findCommand(commands, arg); c != nil && len(arguments) == 0 {
				out = append(append(out, flags...), arg)
				known, commands, flags = c.Flags, c.Subcommands, nil
				continue
			}
			arguments = append(arguments, arg)
			commands = nil
		}
	}
	out = append(out, flags...)
	if len(arguments) > 0 {
		out = append(append(out, "--"), arguments...)
	}
	return out
}

// completionFlag is what a shell's completion script appends to the words typed so far; it must stay the last.
const completionFlag = "--generate-bash-completion"

func findCommand(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// takesValue tells whether the argument after a flag is the flag's value.
func takesValue(known []cli.Flag, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range known {
		for _, n := range f.Names() {
			if n == name {
				_, isBool := f.(*cli.BoolFlag)
				return !isBool
			}
		}
	}
	return false
}
