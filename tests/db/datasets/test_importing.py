import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db.categories import Category
from db.datasets.importing import ImportCounts, find_photos, import_photos
from db.errors import ImportFolderError
from db.models import Image, Product, ProductImage
from db.pictures.codes import Reason
from db.pictures.picture_files import path_of_address
from db.queries.contradicting_photos import contradicting_photos
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, STORE, get_product, picture_bytes


def run(database: Database, folder: Path, *, unlabelled: bool = False) -> ImportCounts:
    counts = ImportCounts()
    found = find_photos(folder, CATEGORIES, unlabelled=unlabelled)
    for batch in import_photos(database, STORE, found.photos, "wardrobe"):
        counts.add(batch)
    return counts


def number(database: Database, kind: type[Product | Image | ProductImage]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(kind.id))) or 0


def test_the_nearest_folder_of_a_category_labels_a_photo(photos: Path) -> None:
    nested = photos / "other" / "jeans" / "5.jpg"
    nested.parent.mkdir()
    nested.write_bytes(picture_bytes(5))
    found = find_photos(photos, CATEGORIES)
    assert {photo.asin: photo.category for photo in found.photos} == {
        "jeans/1.jpg": "jeans",
        "jeans/2.png": "jeans",
        "other/jeans/5.jpg": "jeans",
        "other/shirts/4.jpg": "other",
        "shop/saree/3.webp": "saree",
    }
    assert found.skipped == 1


def test_each_photo_becomes_a_product_with_its_listed_category(database: Database, photos: Path) -> None:
    counts = run(database, photos)
    assert (counts.stored, counts.refused) == (Counter(jeans=2, saree=1, other=1), Counter())
    saree = get_product(database, "shop/saree/3.webp")
    assert (saree.marketplace, saree.listed_category) == ("wardrobe", "saree")
    assert saree.url == (photos / "shop/saree/3.webp").resolve().as_uri()
    assert get_product(database, "other/shirts/4.jpg").listed_category == "other"


def test_importing_again_changes_nothing(database: Database, photos: Path) -> None:
    first = run(database, photos)
    assert run(database, photos / "jeans" / "..") == first
    assert (number(database, Product), number(database, Image)) == (4, 4)


def test_importing_from_another_place_changes_only_the_addresses(
    database: Database, photos: Path, tmp_path: Path
) -> None:
    run(database, photos)
    photos.rename(tmp_path / "elsewhere")
    counts = run(database, tmp_path / "elsewhere")
    assert (number(database, Product), number(database, Image), number(database, ProductImage)) == (4, 4, 4)
    assert counts.moved == 0
    assert "elsewhere" in str(get_product(database, "jeans/1.jpg").url)


def test_a_photo_that_is_moved_is_corrected_and_keeps_its_review(database: Database, photos: Path) -> None:
    run(database, photos)
    before = get_product(database, "jeans/1.jpg").id
    with database.write() as session:
        record_reviews(session, [Verdict("wardrobe", "jeans/1.jpg", "saree")], CATEGORIES)
    (photos / "trousers").mkdir()
    (photos / "jeans/1.jpg").rename(photos / "trousers/1.jpg")
    counts = run(database, photos)
    moved = get_product(database, "trousers/1.jpg")
    assert (moved.id, moved.listed_category, moved.category) == (before, "trousers", "saree")
    assert (counts.moved, number(database, Product), number(database, ProductImage)) == (1, 4, 4)
    assert run(database, photos).moved == 0


def test_the_newest_import_wins_where_both_paths_were_imported(database: Database, photos: Path) -> None:
    """As records have it in which a moved photo once became a second product."""
    (photos / "trousers").mkdir()
    copied = photos / "trousers/1.jpg"
    copied.write_bytes((photos / "jeans/1.jpg").read_bytes())
    run(database, photos)
    with database.write() as session:
        record_reviews(session, [Verdict("wardrobe", "jeans/1.jpg", "saree")], CATEGORIES)
        assert contradicting_photos(session, "wardrobe") == [["jeans/1.jpg", "trousers/1.jpg"]]
    (photos / "jeans/1.jpg").unlink()
    run(database, photos)
    kept = get_product(database, "trousers/1.jpg")
    assert (kept.listed_category, kept.category, number(database, Product)) == ("trousers", "saree", 4)
    with database.read() as session:
        assert contradicting_photos(session, "wardrobe") == []


def test_a_category_that_is_added_later_is_found_by_importing_again(database: Database, photos: Path) -> None:
    run(database, photos)
    shirts = (*CATEGORIES, Category("shirts", "Shirts", ("shirt",)))
    for _ in import_photos(database, STORE, find_photos(photos, shirts).photos, "wardrobe"):
        pass
    assert get_product(database, "other/shirts/4.jpg").found_in == ["shirts"]


def test_links_are_followed_but_not_in_circles(tmp_path: Path, photos: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("jeans", "other"):
        (linked / name).symlink_to(photos / name)
    (photos / "jeans" / "around").symlink_to(linked)
    found = find_photos(linked, CATEGORIES)
    assert {"jeans/1.jpg", "jeans/2.png", "other/shirts/4.jpg"} == {photo.asin for photo in found.photos}


def test_a_name_that_is_no_text_stops_nothing(database: Database, photos: Path) -> None:
    name = os.fsdecode(b"jean-pre\xe9.jpg")
    (photos / "jeans" / name).write_bytes(picture_bytes(7))
    assert run(database, photos) == run(database, photos)
    strange = get_product(database, "jeans/jean-pre\\xe9.jpg")
    assert path_of_address(strange.url) == photos.resolve() / "jeans" / name


def test_unlabelled_photos_get_no_listed_category(sqlite: Database, photos: Path) -> None:
    (photos / "1.jpg").write_bytes(picture_bytes(9))
    assert run(sqlite, photos, unlabelled=True).stored == Counter(unlabelled=5)
    assert get_product(sqlite, "jeans/1.jpg").listed_category is None


def test_photos_in_a_folder_of_another_name_stop_the_import(photos: Path) -> None:
    (photos / "skirts").mkdir()
    (photos / "skirts" / "1.jpg").write_bytes(picture_bytes(9))
    with pytest.raises(ImportFolderError, match=r"jeans, other, saree, trousers.*got 'skirts'"):
        find_photos(photos, CATEGORIES)


def test_photos_in_no_folder_at_all_stop_the_import(photos: Path) -> None:
    with pytest.raises(ImportFolderError, match=r"got '\.'"):
        find_photos(photos / "jeans", CATEGORIES)


def test_a_path_too_long_for_an_asin_stops_the_import(photos: Path) -> None:
    deep = photos.joinpath("jeans", "d" * 200, "d" * 200)
    deep.mkdir(parents=True)
    (deep / "1.jpg").touch()
    with pytest.raises(ImportFolderError, match="at most 400 characters"):
        find_photos(photos, CATEGORIES)


def test_files_that_are_no_photos_by_name_or_that_are_hidden_are_left_alone(photos: Path) -> None:
    for name in ("notes.txt", "MANIFEST.csv", ".DS_Store", ".cache/x.jpg"):
        path = photos / "jeans" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert len(find_photos(photos, CATEGORIES).photos) == 4


def test_refused_photos_keep_their_reason_and_stop_nothing(database: Database, photos: Path) -> None:
    (photos / "jeans" / "empty.jpg").touch()
    (photos / "jeans" / "page.jpg").write_bytes(b"<html>")
    (photos / "jeans" / "gone.jpg").symlink_to(photos / "nowhere")
    counts = run(database, photos)
    assert counts.refused == Counter([Reason.EMPTY, Reason.UNSUPPORTED_FORMAT])
    assert sum(counts.stored.values()) == 4
    with database.read() as session:
        reasons = session.execute(
            select(Product.asin, ProductImage.reason)
            .join(Product.images)
            .where(ProductImage.reason.is_not(None))
        )
        assert dict(reasons.all()) == {
            "jeans/empty.jpg": Reason.EMPTY,
            "jeans/page.jpg": Reason.UNSUPPORTED_FORMAT,
        }


def test_a_file_that_vanishes_meanwhile_is_one_refused_photo(sqlite: Database, photos: Path) -> None:
    found = find_photos(photos, CATEGORIES)
    (photos / "jeans" / "1.jpg").unlink()
    counts = ImportCounts()
    for batch in import_photos(sqlite, STORE, found.photos, "wardrobe"):
        counts.add(batch)
    assert counts.refused == Counter([Reason.UNREADABLE])


def test_what_is_committed_before_an_interruption_stays(
    sqlite: Database, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.datasets.importing.BATCH", 1)
    batches = import_photos(sqlite, STORE, find_photos(photos, CATEGORIES).photos, "wardrobe")
    assert isinstance(batches, Generator)
    next(batches)
    next(batches)
    with pytest.raises(KeyboardInterrupt):
        batches.throw(KeyboardInterrupt)
    assert number(sqlite, Product) == 2
    run(sqlite, photos)
    assert number(sqlite, Product) == 4


def test_real_photos_are_imported_whatever_their_names_say(sqlite: Database, shared_photos: Path) -> None:
    """Three WEBP files of this shop are named .jpg."""
    found = find_photos(shared_photos, CATEGORIES)
    of_one_shop = [photo for photo in found.photos if photo.asin.startswith("shops-navreet111/")]
    counts = ImportCounts()
    for batch in import_photos(sqlite, STORE, of_one_shop, "navreet111"):
        counts.add(batch)
    assert counts.refused == Counter()
    assert sum(counts.stored.values()) == len(of_one_shop) > 0
    with sqlite.read() as session:
        assert "WEBP" in session.scalars(select(Image.format).distinct()).all()
