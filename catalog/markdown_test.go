package catalog_test

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	nethtml "golang.org/x/net/html"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/catalog"
)

func writeMarkdown(tb testing.TB, c *openbroker.Catalog) string {
	tb.Helper()
	var page bytes.Buffer
	if err := catalog.WriteMarkdown(&page, c); err != nil {
		tb.Fatal(err)
	}
	return page.String()
}

func TestWriteMarkdown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"catalog", "hostile"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := writeMarkdown(t, parsed(t, readText(t, "testdata/markdown/"+name+".yaml")))
			if strings.Contains(page, "hunter2") {
				t.Error("a secret is shown")
			}
			checkPage(t, page)
			golden(t, "testdata/markdown/"+name+".md", page)
		})
	}
	if page := writeMarkdown(t, nil); page != "# Services\n\nThe catalog has no services.\n" {
		t.Errorf("the page of a nil catalog is %q", page)
	}
}

// checkPage renders a page as platforms do, with tables, links in texts and raw HTML, and
// checks the result.
func checkPage(tb testing.TB, page string) {
	tb.Helper()
	renderer := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	var rendered bytes.Buffer
	if err := renderer.Convert([]byte(page), &rendered); err != nil {
		tb.Fatal(err)
	}
	tags := []string{"h1", "h2", "h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "a", "strong"}
	for tokens := nethtml.NewTokenizer(&rendered); ; {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			return
		case nethtml.CommentToken, nethtml.DoctypeToken:
			tb.Errorf("the page has %q", tokens.Token())
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			token := tokens.Token()
			if !slices.Contains(tags, token.Data) {
				tb.Errorf("the page has %q\n%s", token, page)
			}
			for _, attribute := range token.Attr {
				if target, err := url.Parse(attribute.Val); attribute.Key == "href" && (err != nil || target.Scheme != "http" && target.Scheme != "https" || target.User != nil) {
					tb.Errorf("the page has a link to %q\n%s", attribute.Val, page)
				} else if attribute.Key != "href" && attribute.Key != "class" {
					tb.Errorf("the page has %q\n%s", token, page)
				}
			}
		default:
		}
	}
}

// FuzzMarkdown writes arbitrary texts. A text becomes neither HTML nor a link, and adds no
// row, heading or code block.
func FuzzMarkdown(f *testing.F) {
	f.Add("A text.", `{"type":"object","properties":{"a":{"type":"string"}}}`)
	f.Add("a|b\n# c\n```\n<script>", `{"required":["a|b"],"properties":{"a|b":{"enum":["|"],"description":"<b>"}}}`)
	f.Add("[a](javascript:b) ![c](d) http://e www.f g@h", `{"$ref":"#","anyOf":[{"$ref":"#"},{"allOf":[{"$ref":"#"}]}]}`)
	f.Add("1. a\n\n- b\n\n    c\n\n[d]: e\n===\n---", `{"properties":{"x":{"default":"'; rm -rf ~","pattern":"`+"`"+`"}}}`)
	f.Fuzz(func(t *testing.T, text, schema string) {
		page := writeMarkdown(t, fuzzed(text, schema))
		checkPage(t, page)
		if again := writeMarkdown(t, fuzzed(text, schema)); again != page {
			t.Error("the page changes each time")
		}
		if strings.Contains(text, "x") || strings.TrimSpace(text) == "" {
			return
		}
		if got, want := outline(t, page), outline(t, writeMarkdown(t, fuzzed("x", schema))); got["table"] != want["table"] || got["pre"] != want["pre"] || got["h2"] != want["h2"] || got["tr"] != want["tr"] {
			t.Errorf("%q gives %v, %q gives %v\n%s", text, got, "x", want, page)
		}
	})
}

func fuzzed(text, schema string) *openbroker.Catalog {
	return &openbroker.Catalog{Services: []openbroker.Service{{
		ID: text, Name: text, Description: text, Tags: []string{text, text}, Bindable: true,
		Metadata: &openbroker.ServiceMetadata{DisplayName: text, ProviderDisplayName: text, LongDescription: text, DocumentationURL: text, SupportURL: "https://" + text},
		Plans: []openbroker.Plan{{
			ID: text, Name: text, Description: text,
			Metadata: &openbroker.PlanMetadata{DisplayName: text, Bullets: []string{text}, Costs: []openbroker.Cost{{Amount: map[string]float64{text: 1}, Unit: text}}},
			Schemas:  &openbroker.Schemas{ServiceInstance: &openbroker.InstanceSchemas{Create: &openbroker.InputParametersSchema{Parameters: []byte(schema)}}},
		}},
	}}}
}

// outline counts the elements of a page.
func outline(tb testing.TB, page string) map[string]int {
	tb.Helper()
	var rendered bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(page), &rendered); err != nil {
		tb.Fatal(err)
	}
	counts := map[string]int{}
	for tokens := nethtml.NewTokenizer(&rendered); ; {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			return counts
		case nethtml.StartTagToken:
			counts[tokens.Token().Data]++
		default:
		}
	}
}

// WriteMarkdown bounds its work for a schema that refers to itself many times.
func TestMarkdownOfHostileSchema(t *testing.T) {
	t.Parallel()
	var names, properties []string
	for i := range 5_000 {
		name := fmt.Sprintf(`"p%d"`, i)
		names, properties = append(names, name), append(properties, name+`:{"type":"string"}`)
	}
	schema := `{"allOf":[` + strings.Repeat(`{"$ref":"#/definitions/d"},`, 5_000) + `{}],"definitions":{"d":{"anyOf":[{"$ref":"#"},{"$ref":"#/definitions/d"}],"required":[` +
		strings.Join(names, ",") + `],"properties":{` + strings.Join(properties, ",") + `}}}}`
	ended := make(chan string, 1)
	go func() { ended <- writeMarkdown(t, fuzzed("x", schema)) }()
	select {
	case page := <-ended:
		if !strings.Contains(page, "too many parameters for a table") || len(page) > 1<<20 {
			t.Errorf("a page of %d bytes", len(page))
		}
	case <-time.After(watchPatience):
		t.Fatal("writing the page takes too long")
	}
}
