"""Query and look after the records: `python -m db --help`."""

import typer

from db.commands.command_line import run, teach_version
from db.commands.import_export import export, import_folder
from db.commands.overview import contact_sheet, stats
from db.commands.product_list import products
from db.commands.removing import remove
from db.commands.renaming import rename_category
from db.commands.reviewing import review, reviews, to_review
from db.commands.schema import upgrade
from db.commands.similar import similar

app = typer.Typer(
    help="Query and look after the records: products, pictures, labels. Start with `python -m db stats`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
teach_version(app)
app.command()(upgrade)
app.command()(products)
app.command("import")(import_folder)
app.command("to-review")(to_review)
for command in (export, remove, rename_category, review, reviews, similar, stats, contact_sheet):
    app.command()(command)

if __name__ == "__main__":
    run(app)
