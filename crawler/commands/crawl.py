"""Scrapy's crawl command with honest exit codes: 0 the job was done, 1 it was not, 2 wrong arguments."""

import argparse
import logging
import sys
import time
from typing import Any

from scrapy.commands import ScrapyHelpFormatter
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from crawler.arguments import HELP
from crawler.errors import ArgumentsError, CrawlerError, CrawlInterruptedError
from crawler.extensions.finish_reasons import judge_crawl
from crawler.spiders.amazon_clothing import AmazonClothingSpider
from crawler.stopping import FAILURE
from crawler.summary import summarise
from crawler.tally import tally_of
from db.categories import load_categories
from db.crawls import CRAWL_RUN, SPIDER, ExitCode, FinishReason
from db.errors import RecordsError
from db.queries.first_training import first_training
from db.session import open_database
from db.settings import settings, train_after

_ASKED_TO_STOP = "closespider_"
"""Reasons of Scrapy's own limits (CLOSESPIDER_ITEMCOUNT and the like): the user wanted no more."""


class Command(ScrapyCrawl):
    """`scrapy crawl`, whose exit code and last line say what came of the crawl."""

    def syntax(self) -> str:
        """Say how the command is written."""
        return f"[options] {SPIDER} [-a NAME=VALUE ...]"

    def long_desc(self) -> str:
        """Say what the command does."""
        return (
            "Crawl clothing products and their pictures into the records. Exit codes: 0 the job was done, "
            "1 it was not (the last line says why and what to do), 2 wrong arguments."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Teach the spider's arguments beside the options."""
        super().add_options(parser)
        parser.formatter_class = _HelpFormatter
        parser.epilog = "\n".join(
            [
                f"Arguments of {SPIDER} (-a NAME=VALUE):",
                *(f"  {name:<13} {text}" for name, text in HELP.items()),
                "",
                "The crawl of a public shop needs CRAWLER_CONTACT, an e-mail or web address, in the environment.",
                f"Example: scrapy crawl {SPIDER} -a categories=saree,jeans -a max_products=100",
            ]
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options; unless a level is asked for, Scrapy tells less about itself."""
        super().process_options(args, opts)
        if opts.loglevel is None:
            # Scrapy sets the levels of its loggers anew when it starts, but leaves filters alone.
            logging.getLogger("scrapy.utils.log").addFilter(lambda record: record.levelno >= logging.WARNING)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run one spider to its end and set the exit code."""
        if len(args) != 1:
            raise UsageError(f"name one spider, such as {SPIDER}; `scrapy list` shows them")
        if opts.loglevel is None:
            _quieten(logging.WARNING, "scrapy", "alembic")
            # The image gate and the spider count what these tell of.
            _quieten(logging.ERROR, "scrapy.core.downloader.handlers.http11", "scrapy-playwright")
        assert self.crawler_process is not None
        try:
            crawler = self._create_crawler(args[0])
        except KeyError as error:
            raise UsageError(f"no such spider, `scrapy list` shows them; got {args[0]!r}") from error
        started = time.monotonic()
        crawl: Any = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        unstarted = crawl.exception() if crawl.done() and not crawl.cancelled() else None
        if unstarted is not None:
            self.exitcode = _report_error(unstarted)
        else:
            self.exitcode = _report(crawler, time.monotonic() - started)


class _HelpFormatter(ScrapyHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Scrapy's help, with the table of arguments left as it is."""


def _report_error(error: BaseException) -> ExitCode:
    """Tell why no crawl began."""
    if not isinstance(error, CrawlerError | RecordsError):
        raise error
    _print(f"error: {error}")
    return ExitCode.WRONG_ARGUMENTS if isinstance(error, ArgumentsError) else ExitCode.NOT_DONE


def _report(crawler: Crawler, seconds: float) -> ExitCode:
    """Print the closing summary; give the exit code."""
    # A second Ctrl-C ends everything at once: then there is no finish reason.
    reason = str(crawler.stats.get_value("finish_reason", CrawlInterruptedError.reason))
    failure = crawler.stats.get_value(FAILURE)
    if isinstance(crawler.spider, AmazonClothingSpider):
        arguments, tally = crawler.spider.arguments, tally_of(crawler.stats)
        # The worker of a slice tells what came of it.
        is_told = settings().brief_logs and crawler.settings.get(CRAWL_RUN) is not None
        for line in [] if is_told else summarise(tally, arguments, seconds):
            _print(line)
        failure = failure or judge_crawl(crawler, arguments)
        if failure is None and tally.products and not is_told and (awaited := _awaited()):
            _print(f"labels    {awaited}")
    if reason == CrawlInterruptedError.reason:
        failure = CrawlInterruptedError("interrupted")
    elif failure is None and reason != FinishReason.FINISHED and not reason.startswith(_ASKED_TO_STOP):
        failure = f"{reason}: the crawl did not come to its end; run it again, nothing is lost"
    if failure is not None:
        _print(f"error: {failure}")
    return ExitCode.NOT_DONE if failure is not None else ExitCode.DONE


def _awaited() -> str | None:
    """Say what the first training waits for, where nothing was trained yet."""
    with open_database().read() as session:
        awaited = first_training(session, load_categories(), train_after())
    return None if awaited is None else awaited.sentence()


def _quieten(level: int, *names: str) -> None:
    """Let less through than LOG_LEVEL; whoever wants it all asks for a level with -L."""
    for name in names:
        logging.getLogger(name).setLevel(level)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the command's closing words
