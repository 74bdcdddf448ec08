import numpy as np

from db.session import Database
from db.states.version_states import active_version
from tests.factories import body, model_version, version_with_body
from tests.worker.embeddings import STRANGE, embedding, labels, review, save_embedded, taught
from worker.learning.provisional_head import EVERY, ProvisionalHead, ProvisionalHeads


def refresh(database: Database, heads: ProvisionalHeads) -> ProvisionalHead | None:
    with database.read() as session:
        return heads.refresh(session)


def likeliest(found: ProvisionalHead, shows: str, seed: int) -> str:
    vector = np.frombuffer(embedding(shows, seed), np.int8).reshape(1, -1)
    return found.head.categories[int(found.head.apply(vector).probabilities.argmax())]


def test_ten_verdicts_teach_what_looks_alike_and_label_nothing(database: Database) -> None:
    version = taught(database)
    heads = ProvisionalHeads()
    review(database, "strange", STRANGE[: EVERY - 1], "trousers")
    assert refresh(database, heads) is None
    review(database, "strange", STRANGE[EVERY - 1 : EVERY], "trousers")
    found = refresh(database, heads)
    assert found is not None
    assert (found.version_id, found.taught_by) == (version, EVERY)
    assert likeliest(found, "strange", STRANGE[-1]) == "trousers"
    assert labels(database, "strange", STRANGE[EVERY:]) == {"jeans"}


def test_it_stays_until_ten_more_came(database: Database) -> None:
    taught(database)
    heads = ProvisionalHeads()
    review(database, "strange", STRANGE[:10], "trousers")
    first = refresh(database, heads)
    review(database, "strange", STRANGE[10:19], "trousers")
    assert refresh(database, heads) is first
    review(database, "strange", STRANGE[19:], "trousers")
    second = refresh(database, heads)
    assert second is not None
    assert second.taught_by == 20


def test_another_version_has_no_use_for_it(database: Database) -> None:
    taught(database)
    heads = ProvisionalHeads()
    review(database, "strange", STRANGE[:10], "trousers")
    assert refresh(database, heads) is not None
    version_with_body(database, body(database, 2))
    with database.read() as session:
        assert heads.newest(active_version(session)) is None
    assert refresh(database, heads) is None


def test_without_a_version_or_a_body_there_is_none(database: Database) -> None:
    heads = ProvisionalHeads()
    assert refresh(database, heads) is None
    model_version(database)
    assert refresh(database, heads) is None


def test_a_category_that_nothing_shows_keeps_the_order(database: Database) -> None:
    version = version_with_body(database, body(database))
    save_embedded(database, version, "saree", range(12), listed="saree")
    review(database, "saree", range(12), "saree")
    assert refresh(database, ProvisionalHeads()) is None
