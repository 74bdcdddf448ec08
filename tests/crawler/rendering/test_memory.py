from scrapy.http import Response

from crawler.rendering.memory import ResponseMemory


def answer(url: str, size: int = 10, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url, status=status, headers=named, body=b"x" * size)


def test_an_answer_is_kept_until_newer_ones_need_its_place() -> None:
    memory = ResponseMemory(max_bytes=25)
    memory.put("a", answer("a"))
    memory.put("b", answer("b"))
    assert memory.get("a") is not None  # asked for, so that b is the oldest now
    memory.put("c", answer("c"))
    assert [url for url in "abc" if memory.get(url)] == ["a", "c"]


def test_what_is_larger_than_the_memory_is_not_kept_and_harms_nothing() -> None:
    memory = ResponseMemory(max_bytes=25)
    memory.put("a", answer("a", size=30))
    assert memory.get("a") is None
    memory.put("b", answer("b"))
    assert memory.get("b") is not None


def test_errors_and_what_a_host_wants_fetched_anew_are_not_kept() -> None:
    memory = ResponseMemory()
    memory.put("gone", answer("gone", status=404))
    memory.put("new", answer("new", Cache_Control="private, No-Store"))
    assert memory.get("gone") is memory.get("new") is None


def test_the_same_address_counts_once() -> None:
    memory = ResponseMemory(max_bytes=25)
    for _ in range(9):
        memory.put("a", answer("a"))
    memory.put("b", answer("b"))
    assert memory.get("a") is not None
    assert memory.get("b") is not None
