import os
import pty
import subprocess
import sys

from demo.shop.demo_shop import DemoShop, ShopConfig
from tests.crawler.conftest import ROOT, Project, crawl_words


def test_on_a_terminal_a_line_shows_the_progress_and_the_summary_stays(project: Project) -> None:
    ours, theirs = pty.openpty()
    with DemoShop(ShopConfig(products=2, broken_pictures=False)) as shop:
        child = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *crawl_words(shop.base_url, categories="saree", max_products=2)],
            cwd=ROOT,
            env=os.environ
            | {"VASTRA_FOLDER": str(project.folder), "DATABASE_URL": project.url, "TERM": "xterm"},
            stderr=theirs,
        )
        os.close(theirs)
        shown = read_all(ours)
        assert child.wait() == 0, shown
    assert "pages 1  products 2  images 2  refused 0" in shown
    assert "products  2 new, 0 updated" in shown.rpartition("\x1b[?25h")[2]  # after the cursor is back


def read_all(terminal: int) -> str:
    chunks = []
    try:
        while chunk := os.read(terminal, 1 << 16):
            chunks.append(chunk)
    except OSError:  # Linux says so when the other side is closed
        os.close(terminal)
    return b"".join(chunks).decode()
