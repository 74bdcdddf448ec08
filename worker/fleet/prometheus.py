"""Prometheus metrics of records, queues, workers and runs, on one endpoint.

Everything is read from the records and the broker when it is asked for, so that no process has to push or to
be found, and a restart forgets nothing. The names follow Prometheus' naming practices.
"""

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db.crawls import Tally
from db.models import CrawlRun, Prediction
from db.queries.counting import Counter
from db.session import Database
from worker.errors import BrokerError, MetricsError
from worker.fleet.judged_workers import Work, judge_workers
from worker.fleet.status import BrokerStatus, RecordsStatus, read_broker, read_records

logger = logging.getLogger(__name__)


class Metrics(Collector):
    """Reads the metrics anew at each scrape; a part that does not answer is down, and the other still told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; Prometheus' library calls this at each scrape."""
        up = GaugeMetricFamily("vastra_up", "Whether a part answers.", labels=["part"])
        alive: frozenset[Work] = frozenset()
        try:
            records = read_records(self._database)
            yield from record_metrics(records)
            with self._database.read() as session:
                yield from run_metrics(session)
            alive = records.alive
            up.add_metric(["database"], 1)
        except SQLAlchemyError as error:
            logger.warning("the database does not answer: %s", error)
            up.add_metric(["database"], 0)
        try:
            yield from broker_metrics(read_broker(), alive)
            up.add_metric(["broker"], 1)
        except BrokerError as error:
            logger.warning("%s", error)
            up.add_metric(["broker"], 0)
        yield up


def record_metrics(records: RecordsStatus) -> Iterator[Metric]:
    """Tell of products, images and the active version; large counts are estimates (db/queries/counting.py)."""
    figures = records.statistics
    yield _gauge("vastra_products", "Products.", figures.products)
    yield _by("vastra_products_listed", "Products by listed category.", "category", figures.listed)
    yield _by("vastra_products_labelled", "Products by label.", "category", figures.labelled)
    yield _gauge("vastra_products_uncertain", "Products whose label is uncertain.", figures.uncertain)
    yield _gauge("vastra_products_unclassified", "Products without any verdict.", figures.unclassified)
    yield _gauge("vastra_products_reviewed", "Products with a person's verdict.", figures.reviewed)
    yield _gauge(
        "vastra_products_disagreeing", "Products listed otherwise than labelled.", figures.disagreements
    )
    yield _gauge("vastra_images", "Stored pictures.", figures.images)
    yield _gauge("vastra_images_pending", "Images that the active version has to predict.", figures.pending)
    yield _by("vastra_images_set_aside", "Images that are set aside, by reason.", "reason", figures.set_aside)
    yield _by("vastra_images_with_quality_code", "Images by quality code.", "code", figures.quality)
    yield _by(
        "vastra_pictures_refused", "Pictures that were not stored, by reason.", "reason", figures.refused
    )
    yield _gauge(
        "vastra_active_model_version", "The active version; 0: none.", figures.active_model_version or 0
    )
    yield _by("vastra_crawl_runs", "Crawl runs by status.", "status", records.crawl_runs)
    yield _by("vastra_training_runs", "Training runs by status.", "status", records.training_runs)


def run_metrics(session: Session) -> Iterator[Metric]:
    """Tell what model versions have predicted, how crawl runs ended and what the last one has found."""
    predictions = Counter(session).by_word("predictions", Prediction.model_version_id)
    yield _by("vastra_predictions", "Predictions by model version.", "model_version", predictions)
    ends = session.execute(
        select(CrawlRun.finish_reason, func.count())
        .where(CrawlRun.finish_reason.is_not(None))
        .group_by(CrawlRun.finish_reason)
    )
    reasons = {str(reason): number for reason, number in ends}
    yield _by("vastra_crawl_runs_finished", "Crawl runs by finish reason.", "reason", reasons)
    last = Tally.read(session.scalar(select(CrawlRun.statistics).order_by(CrawlRun.id.desc()).limit(1)) or {})
    counts = {name: value for name, value in last.record().items() if isinstance(value, int)}
    yield _by("vastra_last_crawl_run", "Counts of the last crawl run.", "figure", counts)


def broker_metrics(broker: BrokerStatus, alive: frozenset[Work]) -> Iterator[Metric]:
    """Tell of queues and workers."""
    waiting = {queue.name: queue.waiting for queue in broker.queues}
    oldest = {queue.name: queue.oldest_seconds or 0 for queue in broker.queues}
    workers = judge_workers(broker.workers, alive)
    consuming = {worker.name: int(worker.consuming) for worker in workers}
    heard = {worker.name: worker.seconds for worker in workers}
    yield _by("vastra_queue_messages", "Messages that wait.", "queue", waiting)
    yield _by("vastra_queue_oldest_message_seconds", "Age of the next message.", "queue", oldest)
    yield _gauge("vastra_messages_taken", "Messages that workers are at.", broker.taken.messages)
    yield _gauge(
        "vastra_oldest_taken_message_seconds", "Since the first was taken.", broker.taken.oldest_seconds or 0
    )
    yield _by("vastra_worker_consuming", "Whether a worker consumes.", "worker", consuming)
    yield _by("vastra_worker_last_heard_seconds", "Since a worker consumed.", "worker", heard)


def serve_metrics(database: Database, host: str, port: int, ready: Callable[[int], None]) -> None:
    """Answer scrapes until SIGTERM or Ctrl-C; `ready` is told the port, which is chosen where 0 is asked for.

    Raises:
        MetricsError: the port is taken, or not for this user.
    """
    over = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    registry = CollectorRegistry()
    registry.register(Metrics(database))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise MetricsError(
            f"cannot listen there ({error}); choose another --port; got {host}:{port}"
        ) from error
    ready(server.server_port)
    over.wait()
    server.shutdown()
    server.server_close()
    thread.join()


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _by(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for word, value in values.items():
        family.add_metric([word], value)
    return family
