"""What is worth doing next: one sentence and one button; a pure function of what the records hold."""

from dataclasses import dataclass

from web.templating import address, number


@dataclass(frozen=True)
class Situation:
    """What the records hold, as far as it decides what to do.

    Attributes:
        products: how many there are.
        active_version: whether a version labels them.
        new_source: a source that nobody has reviewed enough, and that no training has seen.
        verdicts_left: until it is new no more.
        new_verdicts: verdicts and withdrawals that no run has learnt from.
        learn_after: from how many on a worker learns by itself; 0: never.
        is_busy: whether something is trained or learnt already.
        pending: pictures that wait for the network.
        has_worker: whether somebody works.
        contradicted: whether the network contradicts a listed label that nobody has reviewed.
    """

    products: int
    active_version: bool
    new_source: str | None
    verdicts_left: int
    new_verdicts: int
    learn_after: int
    is_busy: bool
    pending: int
    has_worker: bool
    contradicted: bool


@dataclass(frozen=True)
class NextStep:
    """One sentence, and where its button leads; `command` is what no page can do."""

    sentence: str
    button: str
    where: str
    command: str | None = None


def next_step(now: Situation) -> NextStep:
    """Choose the step that is worth most: first what there is to label with, then what a person can teach."""
    return _missing(now) or _to_teach(now) or _to_look_at(now)


def _missing(now: Situation) -> NextStep | None:
    if not now.products:
        return NextStep(
            "There are no products yet: crawl a shop, or import photos.", "Plan a crawl", "/crawls/new",
            "python -m db import DIR --source NAME",
        )  # fmt: skip
    if not now.active_version:
        return NextStep(
            "No network has been trained: train one on what is listed and reviewed.", "Training", "/training",
            None if now.has_worker else "python -m worker run",
        )  # fmt: skip
    return None


def _to_teach(now: Situation) -> NextStep | None:
    if now.new_verdicts >= max(now.learn_after, 1) and not now.is_busy:
        return NextStep(
            f"{number(now.new_verdicts)} verdicts have not been learnt. It takes seconds.", "Learn",
            "/training", None if now.has_worker else "python -m worker learn",
        )  # fmt: skip
    if now.new_source is not None:
        return NextStep(
            f"{now.new_source} is new: its first {now.verdicts_left} verdicts are worth most.",
            f"Review {now.verdicts_left} pictures",
            address("/review", {"order": "new", "marketplace": now.new_source}),
        )
    return None


def _to_look_at(now: Situation) -> NextStep:
    if now.pending and not now.has_worker:
        return NextStep(
            f"{number(now.pending)} pictures wait for a worker, and none is running.", "See products", "/products",
            "python -m worker run",
        )  # fmt: skip
    if now.contradicted:
        return NextStep(
            "The network contradicts the shop here and there. Look at the surest ones first.", "Review them",
            "/review?order=contradicted",
        )  # fmt: skip
    return NextStep(
        "Everything is labelled. A few verdicts on random products say how right the labels are.", "Review a few",
        "/review?order=random",
    )  # fmt: skip
