package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// The shells ask the program itself what can follow the words typed so far: it prints one proposal a line when the last
// word is completionFlag. Where it has none the shells propose files.
var completionScripts = map[string]string{
	"bash": `_longfirst() {
  local words=("${COMP_WORDS[@]:0:COMP_CWORD}") current=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
  [[ $current != -* ]] || words+=("$current")
  COMPREPLY=($(compgen -W "$("${words[@]}" ` + completionFlag + ` 2> /dev/null)" -- "$current"))
}
complete -o default -F _longfirst longfirst
`,
	"zsh": `#compdef longfirst
_longfirst() {
  local -a typed proposals
  typed=("${(@)words[1,CURRENT-1]}")
  [[ $words[CURRENT] != -* ]] || typed+=("$words[CURRENT]")
  proposals=("${(@f)$("${typed[@]}" ` + completionFlag + ` 2> /dev/null)}")
  if [[ -n $proposals ]]; then compadd -- $proposals; fi
  _files
}
if [[ $funcstack[1] == _longfirst ]]; then _longfirst "$@"; else compdef _longfirst longfirst; fi
`,
	"fish": `function __longfirst_proposals
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    string match -q -- '-*' $current; and set -a typed $current
    $typed ` + completionFlag + ` 2> /dev/null
end
complete -c longfirst -a '(__longfirst_proposals)'
`,
}

func completionCommand() *cli.Command {
	shell := func(name, setup string) *cli.Command {
		return &cli.Command{
			Name: name, Usage: "for " + name, Description: example(setup),
			Action: func(*cli.Context) error {
				_, err := fmt.Print(completionScripts[name])
				return err
			},
		}
	}
	return &cli.Command{
		Name: "completion", Category: categoryInspect, Usage: "print a script that lets a shell complete commands and flags",
		Description: example(`source <(longfirst completion bash)   # in ~/.bashrc`),
		Subcommands: []*cli.Command{
			shell("bash", `source <(longfirst completion bash)   # in ~/.bashrc`),
			shell("zsh", `source <(longfirst completion zsh)   # in ~/.zshrc, after compinit`),
			shell("fish", `longfirst completion fish > ~/.config/fish/completions/longfirst.fish`),
		},
		Action: func(c *cli.Context) error {
			return usagef("name a shell: bash, zsh or fish; see %s --help", commandLine(c))
		},
	}
}
