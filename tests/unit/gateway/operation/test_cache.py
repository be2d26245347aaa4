"""The bounded memory keeps what is used."""

from gateway.operation.cache import BoundedCache


def test_what_was_used_stays_and_the_rest_makes_room() -> None:
    cache: BoundedCache[int, str] = BoundedCache(max_entries=3)
    for key in (1, 2, 3):
        cache.put(key, str(key))
    assert cache.get(1) == "1"
    cache.put(4, "4")
    assert [cache.get(key) for key in (1, 2, 3, 4)] == ["1", None, "3", "4"]


def test_it_never_holds_more_bytes_than_it_may() -> None:
    cache: BoundedCache[int, str] = BoundedCache(max_entries=100, max_bytes=10)
    for key in range(10):
        cache.put(key, "x", size=3)
    assert len(cache) == 3
    cache.put(99, "too large", size=11)
    assert cache.get(99) is None
    cache.put(9, "grown", size=10)
    assert (len(cache), cache.get(9)) == (1, "grown")


def test_the_hottest_come_first() -> None:
    cache: BoundedCache[str, int] = BoundedCache(max_entries=10)
    for key, uses in (("cold", 0), ("hot", 5), ("warm", 2)):
        cache.put(key, uses)
        for _ in range(uses):
            cache.get(key)
    assert cache.hottest(2) == ["hot", "warm"]
