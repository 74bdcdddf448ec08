import pytest

from db.commands.fitted_table import show_rows

ROW = {
    "id": "1234567",
    "asin": "B0ABCDEFGH",
    "title": "A saree of silk with a border of gold and a blouse",
    "brand": "Brand of sarees",
    "category": "trousers",
    "confidence": "0.987",
}


def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, **row: str) -> str:
    monkeypatch.setattr("db.commands.fitted_table.WIDTH_OF_A_FILE", width)
    show_rows([ROW | row])
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [160, 80, 60, 48, 41])
def test_what_tells_a_product_apart_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    told = shown(capsys, monkeypatch, width)
    for word in ("1234567", "B0ABCDEFGH", "trousers", "0.987"):
        assert word in told
    assert len(told.splitlines()) == 2
    assert ("A saree" in told) == (width > 48)
    assert ("Brand of sarees" in told) == (width > 80)


def test_what_is_too_long_for_any_terminal_goes_on_in_the_next_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = shown(capsys, monkeypatch, 60, asin="x" * 100)
    assert told.count("x") == 100


@pytest.mark.parametrize("name", ["shirt [blue].jpg", "a[/b].jpg", "[red]x[/red]"])
def test_brackets_are_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert name in shown(capsys, monkeypatch, 160, asin=name)


@pytest.mark.parametrize("control", ["\x1b[2J", "\x9b2J", "\u202e", "\r", "\udcff"])
def test_no_text_steers_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, control: str
) -> None:
    assert control not in shown(capsys, monkeypatch, 160, title=f"A{control}B")


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([])
    assert capsys.readouterr().out == ""
