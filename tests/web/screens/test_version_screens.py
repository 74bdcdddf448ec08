from collections.abc import Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from starlette.testclient import TestClient

from db.models import Image, ModelVersion, Product, ProductImage
from db.models import Split as SplitOfProduct
from db.repository.relabelling import relabel_some
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    body,
    embed,
    get_product,
    likely,
    model_version,
    predict,
    product,
    save,
    telling,
    version_with_body,
)
from tests.web.looking import hindrances_in_every_look

HOSTILE = '<script>alert("x")</script>'
NEW_HEAD: dict[str, Any] = {"categories": ("jeans", "saree", "trousers")}
"""With it the first value of an embedding speaks for jeans, which was for saree."""


def keep_products(database: Database, number: int = 4) -> list[int]:
    """Keeps products of the test split that are listed as sarees; gives their images, in order."""
    image_ids = save(database, *(product(f"B{n:09}", n, title=f"{HOSTILE} {n}") for n in range(number)))
    with database.write() as session:
        for row in session.scalars(select(Product)):
            row.split = SplitOfProduct.TEST
        by_product = session.execute(
            select(ProductImage.image_id).order_by(ProductImage.product_id)
        ).scalars()
        found = [image_id for image_id in by_product if image_id is not None]
    assert sorted(found) == image_ids
    return found


def two_versions(database: Database, image_ids: Sequence[int]) -> tuple[int, int]:
    """An active version that sees sarees everywhere, and one of the same body that sees jeans."""
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    relabel(database)
    return first, version_with_body(database, body(database), active=False, **NEW_HEAD)


def relabel(database: Database) -> None:
    while relabel_some(database) is not None:
        pass


def active(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(ModelVersion.id).where(ModelVersion.active)).one()


def test_a_list_without_versions_teaches_what_one_is(client: TestClient) -> None:
    assert "Nothing is trained yet" in client.get("/versions").text


def test_the_list_has_the_figures_of_the_run_or_of_the_evaluation(
    client: TestClient, database: Database
) -> None:
    model_version(database, metrics={"test": {"accuracy": 0.9, "pictures": 10}})
    evaluation = {"accuracy": 0.8, "pictures": 20, "intervals": {"accuracy": {"low": 0.7, "high": 0.9}}}
    model_version(database, active=False, metrics={"test": {"accuracy": 0.9}, "evaluation": evaluation})
    second, first = client.get("/versions.json").json()
    assert (first["accuracy"], first["accuracy_low"], first["active"]) == (0.9, None, True)
    assert (second["accuracy"], second["accuracy_low"], second["test_pictures"]) == (0.8, 0.7, 20)
    assert f"/versions/{first['id']}..{second['id']}" in client.get("/versions").text
    assert client.get("/versions.csv").text.count("\n") == 3


@pytest.mark.parametrize("with_body", [True, False])
def test_a_version_is_measured_by_what_its_network_has_seen(
    client: TestClient, database: Database, with_body: bool
) -> None:
    image_ids = keep_products(database)
    if with_body:
        version = version_with_body(database, body(database))
        embed(database, version, dict.fromkeys(image_ids[:2], telling(30)) | {image_ids[2]: telling(0, 30)})
    else:
        version = model_version(database)
        said = dict.fromkeys(image_ids[:2], likely("saree")) | {image_ids[2]: likely("jeans")}
        predict(database, version, said)
    told = client.get(f"/versions/{version}.json").json()
    assert told["unseen_pictures"] == 1
    assert told["recorded"]["figures"]["pictures"] == 3
    assert told["recorded"]["figures"]["error_matrix"][0] == [2, 1, 0]
    assert told["recorded"]["intervals"]["accuracy"]["low"] < 2 / 3
    assert told["sources"] == [
        {"source": SHOP, "pictures": 3, "products": 3, "accuracy": pytest.approx(2 / 3)}
    ]
    assert "67%" in client.get(f"/versions/{version}").text


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"calibration": {"pictures": 16, "enough": False}}, True),
        ({"calibration": {"pictures": 160, "enough": True}}, False),
        ({}, False),
    ],
)
def test_a_version_whose_confidences_rest_on_few_pictures_says_so(
    client: TestClient, database: Database, metrics: dict[str, Any], told: bool
) -> None:
    version = model_version(database, metrics=metrics)
    assert ("not calibrated: n = 16" in client.get(f"/versions/{version}").text) is told


def test_a_cell_of_the_error_matrix_opens_its_pictures(client: TestClient, database: Database) -> None:
    image_ids = keep_products(database)
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids[:3], telling(30)) | {image_ids[3]: telling(0, 30)})
    assert (
        f"/versions/{version}/pictures?label=saree&amp;likeliest=jeans"
        in client.get(f"/versions/{version}").text
    )
    answer = client.get(f"/versions/{version}/pictures.json?label=saree&likeliest=jeans").json()
    assert answer["number"] == 1
    assert answer["pictures"][0]["product"]["asin"] == "B000000003"
    with database.read() as session:
        sha256 = session.get_one(Image, image_ids[3]).sha256
    text = client.get(f"/versions/{version}/pictures").text  # all mistakes
    assert f"/images/{sha256}/320.webp" in text
    assert HOSTILE not in text
    assert client.get(f"/versions/{version}/pictures.json?source=elsewhere").json()["number"] == 0


def test_what_would_change_is_seen_before_it_changes(client: TestClient, database: Database) -> None:
    image_ids = keep_products(database)
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000001", "trousers")], CATEGORIES)
    first, second = two_versions(database, image_ids)
    told = client.get(f"/versions/{first}..{second}.json").json()
    assert [(each["asin"], each["before"], each["after"]) for each in told["products"]] == [
        (f"B{n:09}", "saree", "jeans") for n in (0, 2, 3)
    ]
    assert told["foresight"]["is_end"]
    assert told["comparison"]["only_first"] == 3
    assert not told["comparison"]["is_no_worse"]
    text = client.get(f"/versions/{first}..{second}").text
    assert "All 4 products were looked at: 3 change." in " ".join(text.split())
    assert HOSTILE not in text
    assert get_product(database, "B000000000").category == "saree"


@pytest.mark.parametrize(
    "path", ["404", "404.json", "404/pictures", "1..404", "404..1.json", "99999999999999999999"]
)
def test_a_version_that_is_not_there_is_not_found(client: TestClient, database: Database, path: str) -> None:
    model_version(database)
    assert client.get(f"/versions/{path}").status_code == 404


def test_activating_returns_at_once_and_says_who_does_the_rest(
    client: TestClient, database: Database
) -> None:
    first, second = two_versions(database, keep_products(database))
    answer = client.post(f"/versions/{second}/activate")
    assert answer.url.path == f"/versions/{second}"
    assert "Relabelling the products: 0 of 4" in answer.text
    assert "No worker is running" in answer.text
    assert active(database) == second
    assert get_product(database, "B000000000").category == "saree"
    relabel(database)
    assert get_product(database, "B000000000").category == "jeans"
    text = client.get(f"/versions/{second}").text
    assert "Relabelling" not in text
    assert f'<a href="/products?changed_by={second}">4 labels</a> have changed since' in text
    assert f"Roll back to version {first}" in text


def test_a_second_press_begins_nothing_anew(client: TestClient, database: Database) -> None:
    _, second = two_versions(database, keep_products(database))
    client.post(f"/versions/{second}/activate")
    relabel(database)
    client.post(f"/versions/{second}/activate")
    with database.read() as session:
        assert session.get_one(ModelVersion, second).relabelled_up_to is None
    assert client.post("/versions/404/activate").status_code == 404


def test_two_people_who_activate_at_once_leave_one_version_active(
    client: TestClient, database: Database
) -> None:
    versions = [model_version(database, active=number == 0) for number in range(3)]
    barrier, answers = Barrier(2), list[int]()

    def press(version: int) -> None:
        barrier.wait()
        answers.append(client.post(f"/versions/{version}/activate", follow_redirects=False).status_code)

    threads = [Thread(target=press, args=(version,)) for version in versions[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    assert active(database) in versions[1:]


def test_nothing_hinders_a_person(tab: Page, database: Database) -> None:
    image_ids = keep_products(database)
    first, second = two_versions(database, image_ids)
    with database.write() as session:
        session.get_one(ModelVersion, first).relabelled_up_to = 2
    paths = (
        "",
        f"/{first}",
        f"/{second}",
        f"/{second}/pictures",
        f"/{first}/pictures",
        f"/{first}..{second}",
    )
    for path in paths:
        tab.goto(f"/versions{path}")
        assert hindrances_in_every_look(tab) == []


def test_a_version_is_activated_by_keyboard_and_its_progress_is_live(tab: Page, database: Database) -> None:
    _, second = two_versions(database, keep_products(database))
    tab.goto(f"/versions/{second}")
    tab.get_by_text(f"Activate version {second}").focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Yes, activate it").focus()
    tab.keyboard.press("Enter")
    tab.get_by_text("Relabelling the products: 0 of 4").wait_for()
    relabel(database)
    tab.get_by_role("link", name="4 labels").wait_for(timeout=10_000)
    assert tab.get_by_text("Relabelling").count() == 0


def test_rolling_back_works_without_scripts(
    chromium: Browser, window: Any, page_address: str, database: Database
) -> None:
    first, second = two_versions(database, keep_products(database))
    context = chromium.new_context(
        base_url=page_address, java_script_enabled=False, storage_state=window.storage_state()
    )
    page = context.new_page()
    page.goto(f"/versions/{second}")
    page.get_by_text(f"Activate version {second}").click()
    page.get_by_role("button", name="Yes, activate it").click()
    page.get_by_text(f"Roll back to version {first}").click()
    page.get_by_role("button", name="Yes, roll back to it").click()
    assert active(database) == first
    context.close()
