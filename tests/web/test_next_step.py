from dataclasses import replace

from web.next_step import Situation, next_step

QUIET = Situation(
    products=10, active_version=True, new_source=None, verdicts_left=0, new_verdicts=0, learn_after=16,
    is_busy=False, pending=0, has_worker=True, contradicted=False,
)  # fmt: skip


def test_without_products_a_crawl_comes_first() -> None:
    step = next_step(replace(QUIET, products=0, active_version=False))
    assert step.where == "/crawls/new"
    assert "import" in (step.command or "")


def test_without_a_version_training_comes_first_and_says_what_runs_it() -> None:
    assert next_step(replace(QUIET, active_version=False)).command is None
    assert next_step(replace(QUIET, active_version=False, has_worker=False)).command == "python -m worker run"


def test_a_new_source_is_worth_most() -> None:
    step = next_step(replace(QUIET, new_source="shop & co", verdicts_left=16, contradicted=True))
    assert step.button == "Review 16 pictures"
    assert step.where == "/review?order=new&marketplace=shop+%26+co"


def test_enough_verdicts_are_learnt_unless_something_is_learning() -> None:
    assert next_step(replace(QUIET, new_verdicts=16)).button == "Learn"
    assert next_step(replace(QUIET, new_verdicts=16, is_busy=True)).button != "Learn"
    assert next_step(replace(QUIET, new_verdicts=1, learn_after=0)).button == "Learn"


def test_pictures_that_wait_without_a_worker_are_told() -> None:
    assert "1\N{THIN SPACE}234 pictures" in next_step(replace(QUIET, pending=1234, has_worker=False)).sentence


def test_in_the_end_a_few_random_verdicts_measure() -> None:
    assert "order=contradicted" in next_step(replace(QUIET, contradicted=True)).where
    assert "order=random" in next_step(QUIET).where
