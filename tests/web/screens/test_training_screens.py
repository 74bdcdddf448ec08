from typing import Any

from playwright.sync_api import Browser, Page
from sqlalchemy import select
from starlette.testclient import TestClient

from db.models import ModelVersion, Product, RunKind, RunStatus, Split, SuspectLabel, TrainingRun, utc_now
from db.repository.reviews import Verdict, record_reviews
from db.repository.runs import finish_training_run
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    body,
    embed,
    model_version,
    product,
    save,
    telling,
    version_with_body,
)
from tests.web.looking import hindrances_in_every_look

EPOCHS = [
    {
        "stage": "training",
        "epoch": n,
        "accuracy": 0.5 + n / 10,
        "validation_accuracy": 0.5,
        "cross_entropy": 1.0,
    }
    for n in (1, 2, 3)
]
TOLD = {"accuracy": 0.9, "macro_f1": 0.9, "coverage": 0.8, "pictures": 10}


def keep_labelled(database: Database, each: int = 5) -> list[int]:
    """Keeps so many products of each category."""
    return save(
        database,
        *(
            product(f"{category.name}{n}", 10 * place + n, found_in=category.name)
            for place, category in enumerate(CATEGORIES)
            for n in range(each)
        ),
    )


def ready_to_learn(database: Database) -> int:
    image_ids = keep_labelled(database)
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids, telling(30)))
    with database.write() as session:
        run = session.scalars(select(TrainingRun)).one()
        run.config = {"categories": [category.name for category in CATEGORIES]}
        finish_training_run(session, run.id)
        record_reviews(session, [Verdict(SHOP, "saree0", "jeans")], CATEGORIES)
    return version


def runs(database: Database, kind: RunKind) -> list[TrainingRun]:
    with database.read() as session:
        of_kind = select(TrainingRun).where(TrainingRun.kind == kind).order_by(TrainingRun.id)
        return list(session.scalars(of_kind))


def test_without_anything_labelled_both_buttons_say_why_they_cannot_be_pressed(client: TestClient) -> None:
    text = client.get("/training").text
    assert text.count("disabled") == 2
    assert "Nothing is trained yet" in text
    assert "Each category needs 4 labelled products" in text
    assert client.post("/training/learn").status_code == 409
    assert client.post("/training/train").status_code == 409


def test_what_is_labelled_is_counted_by_split(client: TestClient, database: Database) -> None:
    keep_labelled(database)
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "saree0", "jeans")], CATEGORIES)
        for row in session.scalars(select(Product).where(Product.asin.in_(["saree1", "saree2"]))):
            row.split = Split.TRAIN
    counts = {each["category"]: each for each in client.get("/training/prospects.json").json()["counts"]}
    assert counts["saree"] | {"category": ""} == {
        "category": "", "train": 2, "validation": 0, "test": 0, "new": 2, "reviewed": 0,
    }  # fmt: skip
    assert (counts["jeans"]["new"], counts["jeans"]["reviewed"]) == (6, 1)


def test_learning_is_planned_once_however_often_it_is_pressed(client: TestClient, database: Database) -> None:
    ready_to_learn(database)
    assert "New since the last run: 1 verdict." in " ".join(client.get("/training").text.split())
    for _ in range(2):
        answer = client.post("/training/learn")
        assert "a worker takes it up" in answer.text
        assert "No worker is running" in answer.text
    (run,) = runs(database, RunKind.LEARNING)
    assert run.status is RunStatus.PLANNED
    assert f'href="/training/{run.id}">Run {run.id}</a> is under way' in client.get("/training").text


def test_nothing_new_disables_learning_with_the_reason(client: TestClient, database: Database) -> None:
    ready_to_learn(database)
    with database.write() as session:
        run = session.scalars(select(TrainingRun)).one()
        run.metrics = {"reviews": [1]}
    text = client.get("/training").text
    assert "Nothing is new" in text
    assert client.post("/training/learn").status_code == 409
    assert runs(database, RunKind.LEARNING) == []


def test_training_is_planned_with_the_chosen_network(client: TestClient, database: Database) -> None:
    keep_labelled(database)
    for network in ("seed_cnn", "efficientnet_lite2"):
        client.post("/training/train", data={"network": network})
    (run,) = runs(database, RunKind.TRAINING)
    assert run.network == "seed_cnn"
    assert run.config["categories"] == [category.name for category in CATEGORIES]
    assert client.post("/training/train", data={"network": "nothing"}).status_code == 400


def test_a_run_is_told_with_its_curves_its_version_and_its_suspects(
    client: TestClient, database: Database
) -> None:
    version = ready_to_learn(database)
    with database.write() as session:
        run = session.scalars(select(TrainingRun)).one()
        run.history, run.metrics = EPOCHS, {"test": TOLD, "left_out": [1]}
        product_id = session.scalars(select(Product.id).where(Product.asin == "saree1")).one()
        session.add(
            SuspectLabel(
                model_version_id=version, product_id=product_id, category="saree", reviewed=False, probability=0.1,
                suggestion="jeans", suggestion_probability=0.9, left_out=True,
            )
        )  # fmt: skip
    number = run.id
    text = client.get(f"/training/{number}").text
    assert "training: accuracy" in text
    assert f"/versions/{version}" in text
    assert "left out" in text
    told = client.get(f"/training/{number}.json").json()
    assert (told["model_version"], told["status"], len(told["history"])) == (version, "finished", 3)
    assert told["suspects"][0]["product"]["asin"] == "saree1"
    assert client.get("/training.json").json()[0]["accuracy"] == 0.9
    assert client.get("/training.csv").text.count("\n") == 2
    assert client.get("/training/404").status_code == 404


def test_a_planned_run_can_be_cancelled_and_planned_anew(client: TestClient, database: Database) -> None:
    ready_to_learn(database)
    client.post("/training/learn")
    (first,) = runs(database, RunKind.LEARNING)
    assert "cancelled before it began" in client.post(f"/training/{first.id}/cancel").text
    client.post("/training/learn")
    assert [run.error for run in runs(database, RunKind.LEARNING)] == ["cancelled before it began", None]


def test_a_run_says_what_its_version_has_changed(client: TestClient, database: Database) -> None:
    version = ready_to_learn(database)
    with database.read() as session:
        run = session.get_one(ModelVersion, version).training_run_id
    assert "Since it is active, it has" in client.get(f"/training/{run}").text


def test_a_run_that_failed_says_why(client: TestClient, database: Database) -> None:
    model_version(database)
    with database.write() as session:
        finish_training_run(session, 1, error='<b onclick="x">no memory</b>')
    for path in ("/training", "/training/1"):
        assert "&lt;b onclick" in client.get(path).text


def test_nothing_hinders_a_person(tab: Page, database: Database) -> None:
    ready_to_learn(database)
    model_version(database, active=False, metrics={"test": TOLD})
    with database.write() as session:
        run = session.get_one(TrainingRun, 1)
        run.history, run.metrics, run.status = EPOCHS, {"test": TOLD}, RunStatus.RUNNING
        run.started_at = run.heartbeat_at = utc_now()
        run.progress = {"stage": "training", "done": 3, "total": 20, "metrics": {}}
    for path in ("/training", "/training/1"):
        tab.goto(path)
        assert hindrances_in_every_look(tab) == []


def test_a_curve_grows_while_the_network_is_trained(tab: Page, database: Database) -> None:
    model_version(database)
    with database.write() as session:
        run = session.get_one(TrainingRun, 1)
        run.status, run.started_at, run.heartbeat_at = RunStatus.RUNNING, utc_now(), utc_now()
        run.history = EPOCHS[:2]
    for path in ("/training", "/training/1"):
        tab.goto(path)
        line = tab.locator("polyline.first").first
        before = line.get_attribute("points")
        with database.write() as session:
            run = session.get_one(TrainingRun, 1)
            run.history = [*run.history, EPOCHS[2] | {"epoch": len(run.history) + 1}]
            # With an epoch comes progress, which is told at once; a screen asks by itself after half a minute.
            run.progress = {"stage": "training", "done": len(run.history), "total": 20, "metrics": {}}
        tab.wait_for_function(
            "before => document.querySelector('polyline.first').getAttribute('points') !== before", arg=before
        )


def test_the_buttons_work_without_scripts(
    chromium: Browser, window: Any, page_address: str, database: Database
) -> None:
    ready_to_learn(database)
    context = chromium.new_context(
        base_url=page_address, java_script_enabled=False, storage_state=window.storage_state()
    )
    page = context.new_page()
    page.goto("/training")
    page.get_by_role("button", name="Learn").click()
    page.goto("/training")
    page.get_by_role("button", name="Train").click()
    assert [len(runs(database, kind)) for kind in (RunKind.LEARNING, RunKind.TRAINING)] == [1, 2]
    context.close()
