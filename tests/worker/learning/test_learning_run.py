"""Verdicts become labels: from the reviews to a new head, the gate, and every product relabelled."""

import pytest
from sqlalchemy import delete, func, select, update

from db.categories import Category
from db.models import Embedding, ModelVersion, Product, RunKind, RunStatus, Split, SuspectLabel, TrainingRun
from db.queries.relabelled import count_changed_labels, unfinished_relabelling
from db.queries.review_news import counting_reviews
from db.repository.model_versions import activate
from db.repository.relabelling import relabel_some
from db.repository.reviews import withdraw_review
from db.session import Database
from db.states.version_states import active_version
from tests.factories import SHOP, model_version, version_with_body
from tests.worker.conftest import interrupted_at_commit
from tests.worker.embeddings import NAMES, STRANGE, asin, labels, review, save_embedded, taught
from worker.cnn.errors import EmptyCategoryError
from worker.cnn.progress import Progress
from worker.errors import (
    NoBodyError,
    NoEmbeddingsError,
    NoModelError,
    NothingToLearnError,
    OvertakenError,
)
from worker.learning.learning_config import LearningConfig
from worker.learning.learning_plan import plan_due_learning, plan_learning
from worker.learning.learning_run import run_learning
from worker.learning.relabel_loop import relabel_all, relabel_for

pytestmark = pytest.mark.slow

REVIEWED, UNSEEN = STRANGE[:10], STRANGE[10:]


VERSION = 1
"""The active one of `records`."""


@pytest.fixture
def records(database: Database) -> Database:
    """Records of four kinds of garments; the strange trousers are taken for jeans."""
    taught(database)
    return database


def set_categories(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Write another categories.toml, for what learning reads of it."""
    categories = tuple(Category(name, name.title(), (name,)) for name in names)
    for reader in ("worker.learning.learning_plan", "worker.training.examples"):
        monkeypatch.setattr(f"{reader}.load_categories", lambda: categories)


def learn(database: Database) -> ModelVersion:
    """Learn as the command does, and relabel; the version that was made."""
    with database.write() as session:
        run = plan_learning(session).run_id
    made = run_learning(database, run)
    relabel_all(database)
    with database.read() as session:
        return session.get_one(ModelVersion, made)


def run_of(database: Database, version: ModelVersion) -> TrainingRun:
    with database.read() as session:
        return session.get_one(TrainingRun, version.training_run_id)


def refuses_to_plan(database: Database, error: type[Exception], words: str) -> None:
    with database.write() as session, pytest.raises(error, match=words):
        plan_learning(session)


def test_ten_verdicts_relabel_the_products_that_nobody_reviewed(
    records: Database,
) -> None:
    assert labels(records, "strange", STRANGE) == {"jeans"}
    review(records, "strange", REVIEWED, "trousers")
    made = learn(records)
    assert (made.active, made.body_id, made.categories) == (True, 1, list(NAMES))
    assert labels(records, "strange", UNSEEN) == {"trousers"}
    assert labels(records, "jeans", range(100, 120)) == {"jeans"}
    with records.read() as session:
        assert count_changed_labels(session, made.id) == len(UNSEEN)
        old = session.get_one(ModelVersion, VERSION)
        assert (made.sha256, made.network) == (old.sha256, old.network)
        assert session.get_one(ModelVersion, made.id).artefact is None


def test_a_run_says_what_it_learnt_from(
    records: Database,
) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        session.execute(delete(Embedding).where(Embedding.image_id == 1))
    made = learn(records)
    run = run_of(records, made)
    with records.read() as session:
        assert run.metrics["reviews"] == counting_reviews(session, NAMES)
    assert (run.kind, run.status, run.error, run.attempts) == (RunKind.LEARNING, RunStatus.FINISHED, None, 1)
    assert run.metrics["without_embedding"] == 1
    assert (run.metrics["not_drawn"], run.metrics["left_out"]) == (0, [])
    assert run.metrics["weight_decay"] > 0
    assert len(run.dataset_digest or "") == 64
    assert made.metrics["test"]["accuracy"] == run.metrics["test"]["accuracy"]


def test_what_was_learnt_is_no_news_and_a_withdrawal_is(
    records: Database,
) -> None:
    refuses_to_plan(records, NothingToLearnError, "nothing is new.*got 0 reviewed products")
    review(records, "strange", REVIEWED, "trousers")
    learn(records)
    refuses_to_plan(records, NothingToLearnError, "nothing is new.*got 10 reviewed products")
    with records.write() as session:
        withdraw_review(session, SHOP, asin("strange", STRANGE[0]))
    assert len(run_of(records, learn(records)).metrics["reviews"]) == 9


def test_without_a_version_a_body_or_embeddings_nothing_is_learnt(database: Database) -> None:
    refuses_to_plan(database, NoModelError, "python -m worker train")
    model_version(database)
    refuses_to_plan(database, NoBodyError, "version 1 has no body.*python -m worker train")
    taught(database)
    review(database, "strange", REVIEWED, "trousers")
    with database.write() as session:
        session.execute(delete(Embedding))
    refuses_to_plan(database, NoEmbeddingsError, "python -m worker classify")


def test_wrong_verdicts_do_not_pass_the_gate(
    records: Database,
) -> None:
    save_embedded(records, VERSION, "strange", range(500, 540), listed="jeans")
    with records.write() as session:  # the shop means it, and its strange jeans are test products
        strange = Product.asin.in_([asin("strange", seed) for seed in range(500, 540)])
        session.execute(update(Product).where(strange).values(split=Split.TEST))
    review(records, "strange", REVIEWED, "trousers")
    made = learn(records)
    assert not made.active
    assert run_of(records, made).error is None
    with records.read() as session:
        active = active_version(session)
        assert active is not None
        assert active.id == VERSION
        assert unfinished_relabelling(session) is None
    refuses_to_plan(records, NothingToLearnError, "nothing is new")


def test_a_new_category_is_learnt_from_ten_verdicts_on_and_every_picture_asked_again(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_categories(monkeypatch, *NAMES, "shirt")
    save_embedded(records, VERSION, "shirt", range(600, 630))
    review(records, "shirt", range(600, 609), "shirt")
    refuses_to_plan(records, NothingToLearnError, "nothing is new.*1 more verdicts for shirt")
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        assert plan_learning(session).missing == "1 more verdicts for shirt"
    assert learn(records).categories == list(NAMES)
    review(records, "shirt", [609], "shirt")
    made = learn(records)
    assert (made.active, made.categories) == (True, [*NAMES, "shirt"])
    assert labels(records, "shirt", range(610, 630)) == {"shirt"}


def test_what_was_called_other_before_a_category_existed_is_learnt_as_nothing(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_embedded(records, VERSION, "shirt", range(600, 630))
    review(records, "shirt", range(620, 625), "other")
    set_categories(monkeypatch, *NAMES, "shirt")
    review(records, "shirt", range(600, 610), "shirt")
    run = run_of(records, learn(records))
    assert run.metrics["learnt_from"] < 60 + 10 + 1
    assert labels(records, "shirt", range(610, 620)) == {"shirt"}


def test_a_category_that_was_taken_away_is_dropped(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_categories(monkeypatch, "saree", "trousers")
    made = learn(records)
    assert made.categories == ["saree", "trousers"]
    assert labels(records, "jeans", range(100, 120)) <= {"saree", "trousers", None}
    refuses_to_plan(records, NothingToLearnError, "nothing is new")


def test_one_category_is_nothing_to_tell_apart(records: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    set_categories(monkeypatch, "saree", "shirt")
    refuses_to_plan(
        records, NothingToLearnError, r"two categories.*10 more verdicts for shirt; got \['saree'\]"
    )


def test_a_category_without_products_fails_and_the_row_says_why(
    records: Database,
) -> None:
    review(records, "saree", range(20), "other")
    with pytest.raises(EmptyCategoryError, match="saree"):
        learn(records)
    with records.read() as session:
        run = session.scalars(select(TrainingRun).order_by(TrainingRun.id.desc())).first()
        assert run is not None
        assert run.status is RunStatus.FINISHED
        assert "saree" in (run.error or "")
    with records.write() as session:
        assert plan_due_learning(session, 16) is None  # the schedule does not try the same reviews again


def test_a_version_that_is_activated_meanwhile_is_not_replaced(records: Database) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        run = plan_learning(session).run_id

    def activate_another(step: Progress) -> None:
        if step.done == 1:
            version_with_body(records, 1)

    with pytest.raises(OvertakenError, match="learn again; got 2"):
        run_learning(records, run, activate_another)


def test_an_interrupt_at_the_moment_when_the_run_is_taken_up_finishes_it(records: Database) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        run = plan_learning(session).run_id
    with interrupted_at_commit(), pytest.raises(KeyboardInterrupt):
        run_learning(records, run)
    with records.read() as session:
        row = session.get_one(TrainingRun, run)
    assert (row.status, row.error) == (RunStatus.FINISHED, "interrupted")


def test_what_somebody_is_at_or_has_finished_is_not_ours(
    records: Database,
) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        run = plan_learning(session).run_id
        assert plan_learning(session).run_id == run
    assert run_learning(records, run) is not None
    assert run_learning(records, run) is None


def test_a_relabelling_that_was_killed_is_taken_up_where_it_was(
    records: Database,
) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        run = plan_learning(session).run_id
    made = run_learning(records, run)
    assert made is not None
    relabel_some(records, products=70, parts=1)
    assert labels(records, "strange", UNSEEN) == {"jeans"}  # and here its worker was killed
    assert relabel_for(records)
    assert labels(records, "strange", UNSEEN) == {"trousers"}
    with records.read() as session:
        assert count_changed_labels(session, made) == len(UNSEEN)


def test_a_task_relabels_for_its_time_and_leaves_the_rest(
    records: Database,
) -> None:
    with records.write() as session:
        activate(session, VERSION)
    assert not relabel_for(records, seconds=0)
    assert relabel_for(records)
    assert relabel_for(records)  # nothing is left


def test_suspects_are_recorded_with_the_version(
    records: Database,
) -> None:
    review(records, "saree", [0], "trousers")
    made = learn(records)
    with records.read() as session:
        [suspect] = session.scalars(select(SuspectLabel).where(SuspectLabel.model_version_id == made.id))
    assert (suspect.category, suspect.suggestion, suspect.reviewed) == ("trousers", "saree", True)
    assert not suspect.left_out


def test_above_so_many_pictures_listed_ones_are_drawn_and_every_review_is_kept(
    records: Database,
) -> None:
    review(records, "strange", REVIEWED, "trousers")
    with records.write() as session:
        run = plan_learning(session).run_id
        config = LearningConfig(NAMES, most_pictures=45)
        session.get_one(TrainingRun, run).config = config.as_dict()
    made = run_learning(records, run)
    relabel_all(records)
    assert labels(records, "strange", UNSEEN) == {"trousers"}
    with records.read() as session:
        metrics = run_of(records, session.get_one(ModelVersion, made)).metrics
    assert metrics["not_drawn"] == 70 - 45
    assert len(metrics["reviews"]) == 10


@pytest.mark.parametrize(("verdicts", "enough", "planned"), [(15, 16, 0), (16, 16, 1), (16, 0, 0)])
def test_it_is_time_to_learn_after_so_many_verdicts(
    records: Database, verdicts: int, enough: int, planned: int
) -> None:
    review(records, "strange", STRANGE[:verdicts], "trousers")
    for _ in range(2):
        with records.write() as session:
            plan_due_learning(session, enough)
    with records.read() as session:
        learning = select(func.count(TrainingRun.id)).where(TrainingRun.kind == RunKind.LEARNING)
        assert session.scalar(learning) == planned
