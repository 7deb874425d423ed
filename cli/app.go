package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is the program's version; a release sets it with -ldflags "-X main.version=…".
var version = "0.1.0-dev"

// programName is what files say they were written by.
func programName() string { return "longfirst " + version }

const (
	categoryRun     = "Embed"
	categoryIndex   = "Index"
	categoryInspect = "Look around"
)

func newApp() *cli.App {
	app := &cli.App{
		Name:  "longfirst",
		Usage: "protein language model embeddings from FASTA: indexed once, longest first, resumable",
		Description: "Try it:\n" +
			"   longfirst demo\n" +
			"   longfirst model init --config tiny --out tiny-model\n" +
			"   longfirst infer --model tiny-model --out embeddings proteins.fa",
		Version:                version,
		EnableBashCompletion:   true,
		UseShortOptionHandling: false,
		HideVersion:            true,
		Commands: []*cli.Command{
			inferCommand(), planCommand(), verifyCommand(), reportCommand(), exportCommand(),
			indexCommand(),
			modelCommand(), devicesCommand(), benchCommand(), demoCommand(), completionCommand(), versionCommand(), workerCommand(), probeCommand(),
		},
		CommandNotFound: nil,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				word := c.Args().First()
				return usagef("there is no command %q%s; see longfirst --help", word, suggestCommand(c.App.Commands, word))
			}
			return cli.ShowAppHelp(c)
		},
		OnUsageError:   onUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run reports and exits
	}
	reportUsageErrors(app.Commands)
	return app
}

// logFlags are taken by every command that has something to tell while it works.
func logFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORMAT` of messages on stderr: text or json"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors and warnings only"},
	}
}

func logOf(c *cli.Context) (*slog.Logger, error) {
	return newLog(stderr, c.String("log-format"), c.Bool("quiet"))
}

// onUsageError makes the parser's complaints usage errors, which exit with 2.
func onUsageError(c *cli.Context, err error, _ bool) error {
	return usagef("%s%s; see %s --help", err, suggestFlag(c, err.Error()), commandLine(c))
}

// commandLine returns the words by which the command of c is called.
func commandLine(c *cli.Context) string {
	return cmp.Or(c.Command.HelpName, c.App.Name)
}

// required complains about flags that were not given. The parser's own way of requiring flags prints the whole help to
// stdout.
func required(c *cli.Context, names ...string) error {
	for _, name := range names {
		if c.String(name) == "" {
			return usagef("--%s is needed; see %s --help", name, commandLine(c))
		}
	}
	return nil
}

// command completes a command with what all of them share.
func command(c *cli.Command, flags ...cli.Flag) *cli.Command {
	c.Flags = append(flags, logFlags()...)
	fromEnvironment(c.Flags)
	return c
}

// reportUsageErrors makes mistakes in the flags of all commands usage errors.
func reportUsageErrors(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		reportUsageErrors(c.Subcommands)
	}
}

// example formats what a command's help shows to be pasted.
func example(lines ...string) string {
	text := "Example:"
	for _, l := range lines {
		text += "\n   " + l
	}
	return text
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Category: categoryInspect, Usage: "print the version and how the program was built",
		Description: example("longfirst version"),
		Action: func(*cli.Context) error {
			build, _ := debug.ReadBuildInfo()
			fmt.Printf("%s\n", programName())
			if build != nil {
				fmt.Printf("built with %s", build.GoVersion)
				for _, s := range build.Settings {
					switch s.Key {
					case "GOOS", "GOARCH", "CGO_ENABLED", "-tags", "vcs.revision":
						fmt.Printf(" %s=%s", s.Key, s.Value)
					}
				}
				fmt.Println()
			}
			return nil
		},
	}
}
