"""The two readers that hold the picture against the code: each must see what it is there to see."""

from pathlib import Path

import pytest

from tests.support.c4_code import relations_in_code
from tests.support.c4_model import ModelError, Relation, read_model


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for folder in ("gateway", "workers", "subgraphs/order", "subgraphs/payment/sandbox"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_address_of_another_service_is_a_call(repository: Path) -> None:
    (repository / "subgraphs/order/resources.py").write_text("client = GraphQLClient(settings.catalog_url)")

    assert relations_in_code(repository) == {Relation("yarmarka.order", "yarmarka.catalog", "sync")}


def test_address_in_a_comment_or_a_string_is_none(repository: Path) -> None:
    (repository / "subgraphs/order/resources.py").write_text("'''Calls settings.catalog_url.'''  # settings.user_url")

    assert relations_in_code(repository) == set()


def test_queue_is_an_asynchronous_relation_and_a_redis_client_is_not(repository: Path) -> None:
    (repository / "subgraphs/order/app.py").write_text("from subgraphs.kit.messaging.task_queue import TaskQueue")
    (repository / "subgraphs/payment/limits.py").write_text("import redis.asyncio")

    assert relations_in_code(repository) == {
        Relation("yarmarka.order", "yarmarka.redis", "async"),
        Relation("yarmarka.payment", "yarmarka.redis", "sync"),
    }


def test_sandbox_is_the_bank_and_not_the_payment_service(repository: Path) -> None:
    (repository / "subgraphs/payment/sandbox/app.py").write_text("webhooks = settings.webhook_url, settings.order_url")

    assert relations_in_code(repository) == {Relation("bank", "yarmarka.payment", "sync")}


def test_worker_reaches_each_database_whose_address_it_has(repository: Path) -> None:
    (repository / "workers/run.py").write_text(
        "import dramatiq\nfrom subgraphs.user import model\nsettings.order_database_url"
    )

    assert relations_in_code(repository) == {
        Relation("yarmarka.redis", "yarmarka.worker", "async"),
        Relation("yarmarka.worker", "yarmarka.order_db", "sync"),
    }


def _sources(folder: Path, model: str) -> Path:
    (folder / "model.c4").write_text(model)
    (folder / "deployment.c4").write_text("deployment {}")
    (folder / "views.c4").write_text("views {}")
    return folder


def test_names_are_resolved_inside_out(tmp_path: Path) -> None:
    folder = _sources(tmp_path, "model { bank = external 'B' s = system 'S' { a = service 'A' a -[sync]-> bank } }")

    assert read_model(folder).relations == {Relation("s.a", "bank", "sync")}


@pytest.mark.parametrize(
    "model",
    [
        "model { a = service 'A' a -[sync]-> nobody }",
        "model { a = service 'A' a -> a }",
        "model { extend a { } }",
        "model { a = service 'A' {",
        'model { a = service "A" }',
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, model: str) -> None:
    with pytest.raises(ModelError):
        read_model(_sources(tmp_path, model))
