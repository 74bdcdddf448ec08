"""Train, classify and look after the queue: `python -m worker --help`."""

import typer

from db.commands.command_line import run, teach_version
from worker.cnn.errors import CnnError
from worker.commands.classifying import classify, embed, predict
from worker.commands.comparing import compare
from worker.commands.crawling import crawl
from worker.commands.learning import learn, suspects
from worker.commands.monitoring import metrics, status
from worker.commands.running import cancel, enqueue, retry, run_workers
from worker.commands.training import train
from worker.commands.versions import activate, evaluate, export_model, models
from worker.errors import WorkerError

app = typer.Typer(
    help="Train, classify and look after the queue. Start with `python -m worker run`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
teach_version(app)
app.command()(status)
app.command()(metrics)
app.command("run")(run_workers)
for command in (train, learn, classify, evaluate, predict, embed, suspects, models, activate):
    app.command()(command)
app.command("export-model")(export_model)
app.command()(compare)
app.command()(enqueue)
app.command()(crawl)
app.command()(cancel)
app.command()(retry)

if __name__ == "__main__":
    run(app, WorkerError, CnnError)
