package metrics_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"weir/engine/metrics"
)

// exposed is what can be asked for: by the name of a metric, the values of each
// of its labels.
type exposed map[string]map[string][]string

var (
	sampleLine = regexp.MustCompile(`^([a-z_0-9]+)(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
	helpLine   = regexp.MustCompile(`^# HELP (\S+) (.*)$`)
	typeLine   = regexp.MustCompile(`^# TYPE (\S+) `)
)

// scrape reads what the handler shows of a run that has something to say of
// everything.
func scrape(t *testing.T) (ex exposed, help map[string]string, families []string) {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.Handler(&still{stats: scene()}, "1.2.3").ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	ex, help = exposed{}, map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if m := helpLine.FindStringSubmatch(line); m != nil {
			help[m[1]] = m[2]
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			families = append(families, m[1])
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if ex[m[1]] == nil {
			ex[m[1]] = map[string][]string{}
		}
		for _, l := range labelPair.FindAllStringSubmatch(m[2], -1) {
			ex[m[1]][l[1]] = append(ex[m[1]][l[1]], l[2])
		}
	}
	return ex, help, families
}

func TestEveryMetricHasHelp(t *testing.T) {
	_, help, families := scrape(t)
	if len(families) < 24 {
		t.Fatalf("%d metrics, want more", len(families))
	}
	for _, name := range families {
		if strings.HasPrefix(name, "weir_") && !strings.HasSuffix(help[name], ".") {
			t.Errorf("%s: the help text is %q, want a sentence", name, help[name])
		} else if help[name] == "" {
			t.Errorf("%s has no help text", name)
		}
	}
}

var (
	// quoted is a string of PromQL.
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	// named is a metric of ours, of Go or of the process, and its matchers.
	named = regexp.MustCompile(`\b((?:weir|go|process)_[a-zA-Z_0-9:]+)(?:\{([^}]*)\})?`)
	// matcher is one of them.
	matcher = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	// grouping names labels.
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring) ?\(([^)]*)\)`)
)

// check returns what is wrong with an expression of PromQL: metrics, labels and
// values that are not exposed.
func (ex exposed) check(expr string) (wrong []string) {
	names := named.FindAllStringSubmatch(expr, -1)
	if len(names) == 0 {
		wrong = append(wrong, "names no metric")
	}
	labels := []string{"job", "instance"} // Prometheus adds them
	for _, m := range names {
		values, ok := ex[m[1]]
		if !ok {
			wrong = append(wrong, m[1]+" does not exist")
			continue
		}
		for label := range values {
			labels = append(labels, label)
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if l[1] == "job" || l[1] == "instance" {
				continue
			}
			for v := range strings.SplitSeq(l[3], "|") {
				if !slices.Contains(values[l[1]], v) {
					wrong = append(wrong, fmt.Sprintf("%s has no %s=%q", m[1], l[1], v))
				}
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(g[1], ",") {
			if l = strings.TrimSpace(l); !slices.Contains(labels, l) {
				wrong = append(wrong, fmt.Sprintf("no metric of it has the label %q", l))
			}
		}
	}
	if bare := quoted.ReplaceAllString(expr, ""); strings.Count(bare, "(") != strings.Count(bare, ")") || strings.Count(bare, "{") != strings.Count(bare, "}") {
		wrong = append(wrong, "its brackets do not match")
	}
	return wrong
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	ex, _, _ := scrape(t)
	for _, tc := range []struct{ name, expr, want string }{
		{name: "nothing", expr: `sum by (state) (rate(weir_jobs{state=~"ok|empty"}[5m]))`, want: "[]"},
		{name: "a part of a histogram", expr: `sum by (le) (weir_request_duration_seconds_bucket)`, want: "[]"},
		{name: "a metric", expr: `weir_jobz`, want: "[weir_jobz does not exist]"},
		{name: "a histogram is no sample", expr: `weir_request_duration_seconds`, want: "[weir_request_duration_seconds does not exist]"},
		{name: "a value", expr: `weir_jobs{state=~"ok|runing"}`, want: `[weir_jobs has no state="runing"]`},
		{name: "a label", expr: `weir_jobs{place="ok"}`, want: `[weir_jobs has no place="ok"]`},
		{name: "a grouping", expr: `sum by (host) (weir_jobs)`, want: `[no metric of it has the label "host"]`},
		{name: "brackets", expr: `sum(weir_jobs`, want: "[its brackets do not match]"},
		{name: "no metric", expr: `time()`, want: "[names no metric]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fmt.Sprint(ex.check(tc.expr)); got != tc.want {
				t.Errorf("check(%s) = %s, want %s", tc.expr, got, tc.want)
			}
		})
	}
}

// read reads a file of the dashboard folder.
func read(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "..", ".github", "grafana", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDashboardNamesWhatIsThere(t *testing.T) {
	var board struct {
		Title       string
		Annotations struct{ List []struct{ Name, Expr string } }
		Templating  struct {
			List []struct {
				Name, Type string
				Query      any
			}
		}
		Panels []struct {
			ID          int
			Title, Type string
			GridPos     struct{ H, W, X, Y int }
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read(t, "weir.json"), &board); err != nil {
		t.Fatal(err)
	}
	ex, _, _ := scrape(t)
	used := map[string]bool{}
	check := func(where, expr string) {
		for _, wrong := range ex.check(expr) {
			t.Errorf("%s: %s: in %s", where, wrong, expr)
		}
		for _, m := range named.FindAllStringSubmatch(expr, -1) {
			used[m[1]] = true
		}
	}
	for _, a := range board.Annotations.List {
		check(a.Name, a.Expr)
	}
	for _, v := range board.Templating.List {
		if q, ok := v.Query.(map[string]any); ok {
			check("variable "+v.Name, fmt.Sprint(q["query"]))
		}
	}
	ids := map[int]bool{}
	cells := map[[2]int]string{} // who covers a cell of the grid
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d %q: want an id of its own and a title", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q stands on %q, or beyond column 24", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			check("panel "+p.Title, target.Expr)
		}
	}
	for name := range ex {
		if strings.HasPrefix(name, "weir_") && !used[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

func TestAlertsNameWhatIsThere(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(read(t, "alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	ex, _, _ := scrape(t)
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || seen[r.Alert] || r.For == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("alert %q: want a name of its own, for, a severity and a summary", r.Alert)
			}
			seen[r.Alert] = true
			for _, wrong := range ex.check(r.Expr) {
				t.Errorf("alert %s: %s", r.Alert, wrong)
			}
			for where, text := range r.Annotations {
				for _, m := range named.FindAllStringSubmatch(text, -1) {
					if _, ok := ex[m[1]]; !ok {
						t.Errorf("alert %s: %s: %s does not exist", r.Alert, where, m[1])
					}
				}
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("%d alerts, want more", len(seen))
	}
}
