package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"longfirst/cli/engine"
	"longfirst/infer/output"
)

// shareFlags say which shares this process computes, where others compute the rest.
func shareFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "rank", Usage: "compute only the shares of `LIST`, such as 3, 0-15 or 0,4,7; needs --world-size"},
		&cli.StringFlag{Name: "engine", Value: engine.Auto, Usage: "`NAME` of what started this process and tells its share: " +
			strings.Join(engine.Names(), ", ") + "; auto finds out, none computes all shares here"},
	}
}

// shares are the shares that this process computes, and who said so.
type shares struct {
	ranks  []int // nil for all
	world  int   // 0 where nobody has said yet: the number of workers then
	source string
	note   string // what looks like a mistake without being one, if anything
}

// chooseShares reads the flags, then the data set in out if there is one, then the environment. A data set keeps its world
// size: the processes that an engine started share out the ranks it has, however many processes began it. Out may be
// empty.
func chooseShares(c *cli.Context, out string) (s shares, err error) {
	s.world, s.source = c.Int("world-size"), "--world-size"
	if s.world < 0 || c.IsSet("world-size") && s.world == 0 {
		return s, usagef("--world-size %d: it is at least 1", s.world)
	}
	if c.IsSet("rank") {
		if s.world == 0 {
			return s, usagef("--rank needs --world-size: the number of shares there are")
		}
		if s.ranks, err = engine.ParseRanks(c.StringSlice("rank"), s.world); err != nil {
			return s, usageError{fmt.Errorf("--rank: %w", err)}
		}
		s.source = "--rank, --world-size"
		return s, alone(c, s)
	}
	place, err := engine.Detect(os.LookupEnv, c.String("engine"), s.world)
	if err != nil {
		return s, usageError{err}
	}
	fixed, err := worldOf(out)
	if err != nil {
		return s, err
	}
	switch {
	case s.world > 0:
	case fixed > 0 && !c.Bool("overwrite"):
		s.world, s.source = fixed, "the data set"
	case place.Of > 1:
		s.world, s.source = place.Of, ""
	default:
		s.source = "the number of workers"
	}
	if place.Of <= 1 {
		s.note = place.Source
		return s, nil
	}
	if s.ranks, err = place.Ranks(s.world); err != nil {
		return s, usageError{err}
	}
	s.source = strings.TrimSuffix(place.Source+", "+s.source, ", ")
	return s, alone(c, s)
}

// alone refuses what only a process that computes all shares may do.
func alone(c *cli.Context, s shares) error {
	if c.Bool("overwrite") && len(s.ranks) < s.world {
		return usagef("--overwrite removes all shares of a data set, and this process computes only %s of %d (%s); remove the data set before the processes start",
			engine.FormatNumbers(s.ranks), s.world, s.source)
	}
	return nil
}

// worldOf returns the world size of the data set in out, or 0 where there is none.
func worldOf(out string) (int, error) {
	if out == "" {
		return 0, nil
	}
	m, err := output.ReadManifest(output.Dir(out))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return m.WorldSize, err
}

// text describes the shares once the world size is known.
func (s shares) text(world int) string {
	which := "all ranks"
	if s.ranks != nil {
		which = "rank " + engine.FormatNumbers(s.ranks)
	}
	return fmt.Sprintf("%s of world size %d, from %s", which, world, s.source)
}

// logRanks prints which shares this process computes. Scripts rely on the first line.
func (s shares) logRanks(log *slog.Logger, world int) {
	log.Info("Computing " + s.text(world))
	if s.note != "" {
		log.Info("computing all shares here: " + s.note)
	}
}
