package report

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chromium finds a browser that can be run without a screen.
func chromium(t *testing.T) string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless_shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium here")
	return ""
}

// TestInABrowser opens the page light and dark: nothing is complained of, and there is something to be seen on the ground that
// the reader chose. LONGFIRST_SCREENSHOTS names a folder to keep what the browser saw.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes seconds to start")
	}
	browser := chromium(t)
	dir, _ := eventfulPage(t)
	for mode, dark := range map[string]bool{"light": false, "dark": true} {
		folder := os.Getenv("LONGFIRST_SCREENSHOTS")
		if folder == "" {
			folder = t.TempDir()
		}
		shot := filepath.Join(folder, "report-"+mode+".png")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(), "--enable-logging=stderr",
			"--window-size=960,2200", "--screenshot=" + shot}
		if dark {
			args = append(args, "--force-dark-mode")
		}
		cmd := exec.CommandContext(ctx, browser, append(args, "file://"+dir.Report())...)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		for line := range strings.Lines(string(said)) {
			if strings.Contains(line, "CONSOLE") {
				t.Errorf("%s: the browser complains: %s", mode, line)
			}
		}
		content, err := os.ReadFile(shot)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		inspect(t, mode, picture, dark)
	}
}

// inspect checks the ground's brightness, and that the colours of text, of blocks done, and of those failed are all there.
func inspect(t *testing.T, mode string, picture image.Image, dark bool) {
	t.Helper()
	brightness := func(x, y int) (r, g, b int) {
		red, green, blue, _ := picture.At(x, y).RGBA()
		return int(red >> 8), int(green >> 8), int(blue >> 8)
	}
	if r, g, b := brightness(3, 3); (r+g+b < 384) != dark {
		t.Errorf("%s: the ground is %d, %d, %d", mode, r, g, b)
	}
	var ink, own, other int
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b := brightness(x, y)
			switch {
			case dark && r+g+b > 600, !dark && r+g+b < 150:
				ink++
			case g > r+60 && b > r+60:
				own++
			case r > b+80 && r > g+40:
				other++
			}
		}
	}
	if ink < 2000 || own < 2000 || other < 500 {
		t.Errorf("%s: %d points of text, %d of blocks done, %d of alarms", mode, ink, own, other)
	}
}
