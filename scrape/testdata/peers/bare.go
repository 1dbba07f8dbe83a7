package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
	"github.com/gocolly/colly/v2"
)

// A record is one row of a page, as the peers write it.
type record struct {
	URL    string `json:"_url"`
	Date   string `json:"date"`
	Shift  string `json:"shift"`
	Person string `json:"person"`
	Pager  string `json:"pager"`
}

// bare is the loop that anyone would write: N goroutines, net/http, goquery,
// encoding/json.
func bare(urls []string, workers int, out *os.File) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	enc := json.NewEncoder(out)
	var mu sync.Mutex // guards enc
	todo := make(chan string)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for url := range todo {
				rs, err := bareOne(client, url)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					continue
				}
				mu.Lock()
				for _, r := range rs {
					enc.Encode(r)
				}
				mu.Unlock()
			}
		})
	}
	for _, url := range urls {
		todo <- url
	}
	close(todo)
	wg.Wait()
	return nil
}

func bareOne(client *http.Client, url string) ([]record, error) {
	resp, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	doc, err := goquery.NewDocumentFromReader(resp.Body)
	if err != nil {
		return nil, err
	}
	var rs []record
	doc.Find("table.rota tbody tr").Each(func(_ int, row *goquery.Selection) {
		rs = append(rs, record{
			URL:    url,
			Date:   strings.TrimSpace(row.Find("td:nth-child(1)").Text()),
			Shift:  strings.TrimSpace(row.Find("td.shift").Text()),
			Person: strings.TrimSpace(row.Find("td:nth-child(3) a").Text()),
			Pager:  strings.TrimSpace(row.Find("td:nth-child(4)").Text()),
		})
	})
	return rs, nil
}

// collyLoop is the same with colly's asynchronous collector.
func collyLoop(urls []string, workers int, out *os.File) error {
	c := colly.NewCollector(colly.Async(true))
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: workers}); err != nil {
		return err
	}
	c.WithTransport(&http.Transport{MaxIdleConnsPerHost: workers})
	enc := json.NewEncoder(out)
	var mu sync.Mutex // guards enc
	c.OnHTML("table.rota tbody tr", func(e *colly.HTMLElement) {
		r := record{
			URL:    e.Request.URL.String(),
			Date:   strings.TrimSpace(e.ChildText("td:nth-child(1)")),
			Shift:  strings.TrimSpace(e.ChildText("td.shift")),
			Person: strings.TrimSpace(e.ChildText("td:nth-child(3) a")),
			Pager:  strings.TrimSpace(e.ChildText("td:nth-child(4)")),
		}
		mu.Lock()
		enc.Encode(r)
		mu.Unlock()
	})
	c.OnError(func(r *colly.Response, err error) { fmt.Fprintln(os.Stderr, r.Request.URL, err) })
	for _, url := range urls {
		if err := c.Visit(url); err != nil {
			return err
		}
	}
	c.Wait()
	return nil
}
