"""The same extraction with Scrapy: spider.py URLS CONCURRENCY OUT"""
import sys

import scrapy
from scrapy.crawler import CrawlerProcess

URLS, CONCURRENCY, OUT = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Rota(scrapy.Spider):
    name = "rota"

    def start_requests(self):
        with open(URLS) as lines:
            for line in lines:
                yield scrapy.Request(line.strip())

    def parse(self, response):
        def text(row, css):
            found = row.css(css)
            return "".join(found[0].css("*::text").getall()).strip() if found else ""

        for row in response.css("table.rota tbody tr"):
            yield {
                "_url": response.url,
                "date": text(row, "td:nth-child(1)"),
                "shift": text(row, "td.shift"),
                "person": text(row, "td:nth-child(3) a"),
                "pager": text(row, "td:nth-child(4)"),
            }


process = CrawlerProcess(
    {
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "FEEDS": {OUT: {"format": "jsonlines"}},
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
        "USER_AGENT": "peers",
    }
)
process.crawl(Rota)
process.start()
