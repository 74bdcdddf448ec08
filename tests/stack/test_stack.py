"""The compose file: one command ends with classified products, and nothing is open that need not be."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from functools import partial

import pytest
from sqlalchemy import text

from db.categories import load_categories
from db.session import Database
from demo.shop.listings import CataloguePlan, build_catalogue
from tests.stack.invariant import examine
from tests.stack.stack import PROGRAMS, ROOT, Stack
from worker.fleet.waiting import wait_until

pytestmark = pytest.mark.timeout(900)  # the first one to run waits for the stack, the crawl and the training


def test_one_command_ends_with_classified_products_in_postgresql(records: Database, stack: Stack) -> None:
    plan = CataloguePlan(load_categories(), products=None, photos=None, seed=0, broken_pictures=True)
    sold = {product.asin for product in build_catalogue(plan).products}
    with records.read() as session:
        kept = set(session.scalars(text("SELECT asin FROM products WHERE marketplace = 'amazon.in'")))
        found = session.execute(text("SELECT uncertain, category FROM classified_products")).all()
    assert kept == sold
    assert all(row.uncertain is not None for row in found)
    assert sum(row.category is not None for row in found) > 0.5 * len(found)
    findings = examine(records, stack.broker_url)
    assert findings.are_none, findings


def test_every_program_comes_to_consume(records: Database, stack: Stack) -> None:
    assert records
    assert wait_until(lambda: all(stack.is_up(service) for service in PROGRAMS), 150, every=2), stack.log()
    for service in PROGRAMS:
        for container in stack.containers(service):
            assert wait_until(partial(is_healthy, stack, container), 150, every=2)


def is_healthy(stack: Stack, container: str) -> bool:
    return stack.inspect(container, "{{.State.Health.Status}}") == "healthy"


def test_the_host_uses_the_servers_with_the_programs_of_the_checkout(records: Database, stack: Stack) -> None:
    assert records
    listing = subprocess.run(
        [sys.executable, "-m", "db", "products", "--format", "json", "--limit", "3"],
        cwd=ROOT, env=stack.environment | {"DATABASE_URL": stack.database_url},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert len(json.loads(listing.stdout)) == 3


def test_containers_have_no_rights_that_they_do_not_need(stack: Stack) -> None:
    rights = (
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}"
    )
    users = {"postgres": "postgres", "redis": "redis"} | dict.fromkeys(PROGRAMS, "vastra")
    for service, user in users.items():
        for container in stack.containers(service):
            assert stack.inspect(container, rights) == f"{user} true [ALL] [no-new-privileges:true]"
            assert int(stack.inspect(container, "{{.HostConfig.Memory}}")) > 0


def test_the_servers_listen_on_this_machine_alone(stack: Stack) -> None:
    ports = "{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}"
    for service in ("postgres", "redis", "metrics", "web"):
        assert {stack.inspect(container, ports) for container in stack.containers(service)} == {"127.0.0.1"}
    for service in set(PROGRAMS) - {"metrics", "web"}:
        assert {stack.inspect(container, ports) for container in stack.containers(service)} == {""}


def test_the_page_asks_for_its_token_and_shows_the_products(records: Database, stack: Stack) -> None:
    assert records
    page = f"http://127.0.0.1:{stack.web_port}/products.json"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(page)
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(f"{page}?token={stack.web_token}") as answer:
        assert len(json.load(answer)) > 3


def test_a_missing_password_is_named(stack: Stack) -> None:
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "VASTRA_WEB_TOKEN"):
        refused = stack.compose("config", "--quiet", check=False, **{name: ""})
        assert refused.returncode != 0
        assert f"set {name} in .env" in refused.stderr


def test_a_wrong_password_is_one_line_that_says_what_to_do(stack: Stack) -> None:
    wrong = "DATABASE_URL=postgresql://vastra:wrong@postgres/vastra"
    refused = stack.compose("run", "--rm", "-e", wrong, "migrate", check=False)
    assert refused.returncode == 1
    assert "password authentication failed" in refused.stdout + refused.stderr
    assert "check DATABASE_URL" in refused.stdout + refused.stderr


@pytest.mark.parametrize(
    ("revision", "says"), [("9999", "newer than this code: update the code"), (None, "python -m db upgrade")]
)
def test_a_database_of_another_age_is_one_line_that_says_what_to_do(
    records: Database, stack: Stack, revision: str | None, says: str
) -> None:
    with records.read() as session:
        known = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    pretend_revision(records, revision)
    try:
        for words in (("python", "-m", "db", "stats"), ("scrapy", "crawl", "amazon_clothing")):
            refused = stack.compose("run", "--rm", "--no-deps", "crawl-worker", *words, check=False)
            assert refused.returncode != 0
            assert says in refused.stdout + refused.stderr
            assert "Traceback" not in refused.stdout + refused.stderr
    finally:
        pretend_revision(records, known)


def pretend_revision(records: Database, revision: str | None) -> None:
    with records.write() as session:
        session.execute(text("DELETE FROM alembic_version"))
        if revision is not None:
            session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def test_one_scrape_endpoint_tells_of_the_whole_stack(records: Database, stack: Stack) -> None:
    with records.read() as session:
        products = session.execute(text("SELECT count(*) FROM products")).scalar_one()
    address = f"http://127.0.0.1:{stack.metrics_port}/metrics"
    with urllib.request.urlopen(address, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    assert f"vastra_products {products:.1f}" in lines
    consuming = [line for line in lines if line.startswith('vastra_worker_consuming{worker="classify@')]
    assert sum(line.endswith(" 1.0") for line in consuming) >= 2


def test_log_lines_of_containers_are_json_with_the_ids_of_what_they_are_about(
    records: Database, stack: Stack
) -> None:
    assert records
    lines = stack.compose("logs", "--no-color", "--no-log-prefix", "classifier").stdout.splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert len(events) > 0.9 * len(lines)
    assert any("task_id" in event for event in events)


def test_a_backup_brings_every_record_back(records: Database, stack: Stack) -> None:
    backup = stack.in_postgres("pg_dump", "--username", "vastra", "--format", "custom", "vastra")
    with records.write() as session:
        session.execute(text("UPDATE products SET title = 'lost'"))
    stack.compose("stop", *PROGRAMS)
    stack.in_postgres(
        "pg_restore", "--username", "vastra", "--dbname", "vastra",
        "--clean", "--if-exists", "--single-transaction", "--exit-on-error", given=backup,
    )  # fmt: skip
    stack.compose("start", *PROGRAMS)
    with records.read() as session:
        lost = session.execute(text("SELECT count(*) FROM products WHERE title = 'lost'")).scalar_one()
        assert session.execute(text("SELECT count(*) FROM classified_products")).scalar_one() > 0
    assert lost == 0
