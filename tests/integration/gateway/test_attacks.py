"""The attacks of `tests.attacks`, all on one running gateway: none succeeds."""

from collections.abc import Iterator

import pytest

from tests.attacks.__main__ import ATTACKS, HOSTILE
from tests.attacks.attack import Attack, played
from tests.attacks.world import World, attacked_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with attacked_world(tmp_path_factory.mktemp("attacks"), hostile=HOSTILE) as world:
        yield world


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.line} {attack.name}")
def test_no_attack_succeeds(world: World, attack: Attack) -> None:
    outcome = played(attack, world)
    assert outcome.fault is None
