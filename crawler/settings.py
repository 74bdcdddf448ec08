"""Scrapy settings: the flow, the manners, and what is switched off and why.

Delay, AutoThrottle and concurrency here are those of a live crawl; the spider relaxes them for base_url.
Every setting can be changed for one run with `-s NAME=VALUE`.
"""

import os

from scrapy.settings.default_settings import EXTENSIONS_BASE as SCRAPY_EXTENSIONS

from db.settings import version


def user_agent(contact: str) -> str:
    """Say truthfully who crawls, and where the shop's owner can turn to."""
    contact = " ".join(contact.split())
    return f"Vastra/{version()} (+{contact})" if contact else f"Vastra/{version()}"


BOT_NAME = "vastra"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# The flow: pages -> items -> pictures checked -> committed -> ids enqueued.
ITEM_PIPELINES = {
    "crawler.pipelines.image_gate.ImageGate": 100,
    "crawler.pipelines.records.Records": 200,
    "crawler.pipelines.image_queue.ImageQueue": 300,
}
EXTENSIONS = {
    "crawler.extensions.chosen_logs.ChosenLogs": 50,
    "crawler.extensions.finish_reasons.TrueFinishReason": 100,
    "crawler.extensions.progress_line.ProgressLine": 200,
    "crawler.extensions.orphans.EndWithWorker": 300,
}
# Scrapy's own, without its remote control: even None would have it import a web server, which images leave out.
EXTENSIONS_BASE = {path: order for path, order in SCRAPY_EXTENSIONS.items() if "remote_control" not in path}
DOWNLOADER = "crawler.downloader.FleetDownloader"
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.robots.StrictRobots": 100,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "crawler.middlewares.cookies.PackagedSuffixCookies": 700,
    # Below HttpCompression (590), so that it reads text, and above Retry (550), whose retries come too soon.
    "crawler.middlewares.refusals.Refusals": 570,
    # A proxy resolves names itself, out of sight of the resolver below: with http_proxy set, an address
    # in the private network would be reached through it.
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    # Nearest to the downloader: it names the cause of a refused address before anyone retries it.
    "crawler.middlewares.addresses.AddressGuard": 950,
}
BASE_URL = (
    None  # for `scrapy shell` and `scrapy fetch`: the one address that may be private, as -a base_url is
)
TWISTED_DNS_RESOLVER = "crawler.resolver.GuardedResolver"

# Manners. CRAWLER_CONTACT is an e-mail or web address that the shop's owner can turn to.
CRAWLER_CONTACT = " ".join(os.environ.get("CRAWLER_CONTACT", "").split())
USER_AGENT = user_agent(CRAWLER_CONTACT)
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Vastra"
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 2.0
DOWNLOAD_DELAY_JITTER = 0.0  # two seconds or more is a promise
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 3.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
BLOCK_RETRY_DELAYS = [30.0, 60.0, 120.0]
"""Seconds of silence towards a domain after its first, second and third block page; then the crawl stops."""
PICTURE_RETRY_DELAY = 60.0
"""Seconds of silence towards a host that answers 429 or 503 to a picture, not saying how long; then twice that."""
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 ask for silence

# Pages rendered by a browser (-a render=true).
RENDER_PAGES = 1  # at once
RENDER_SECONDS = 120.0  # scripts wait for their host's delay, too; each is asked for once a crawl
# Chromium has no sandbox for root, nor in most containers, which are one; there, say VASTRA_RENDER_SANDBOX=off.
RENDER_SANDBOX = os.geteuid() != 0 and os.environ.get("VASTRA_RENDER_SANDBOX") != "off"

CRAWL_HEARTBEAT_SECONDS = 5.0
"""A crawl run whose heart has not beaten for 30 seconds counts as dead."""

# Pages wait while so many pictures are on their way: memory stays flat and Ctrl-C ends soon.
CONCURRENT_REQUESTS = 8
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 20 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
HTTPERROR_ALLOW_ALL = True  # what a page is, its body says, whatever the status
METAREFRESH_ENABLED = False  # pages that send visitors on by themselves are block pages

# Security: no remote control, no console, certificates verified, no way to local files.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {"file": None, "data": None, "ftp": None, "s3": None}

FEED_EXPORT_ENCODING = "utf-8"
FEED_EXPORTERS = {"pickle": None, "marshal": None}  # whoever reads such a file runs what it says
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the spider and the image gate say what became of each request
LOG_LEVEL = "INFO"
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
STATS_DUMP = False  # the closing summary says what matters; -s STATS_DUMP=True shows all
