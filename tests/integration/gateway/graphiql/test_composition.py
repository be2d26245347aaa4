"""What a real Chromium shows of the composition while `dev` runs, and what it asks for while it does not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from gateway.graphiql.build import build
from gateway.graphiql.node import NodeError
from tests.laboratory.composition import composed
from tests.support.browser import Visit, open_browser
from tests.support.development import LINK, RunningDev, running_dev
from tests.support.gateway import running_gateway

PRODUCTS = (
    'type Query { products: [Product!]! }\n\ntype Product @key(fields: "id") {\n  id: ID!\n  price: Int @shareable\n}\n'
)
REVIEWS = 'type Query { best: Product }\n\ntype Product @key(fields: "id") {\n  id: ID!\n  stars: Int!\n}\n'


@pytest.fixture(scope="module", autouse=True)
def built_page() -> None:
    try:
        build()
    except NodeError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"the page cannot be built here: {error}")


@pytest.fixture(scope="module")
def browser(built_page: None) -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDev]:
    folder = tmp_path_factory.mktemp("dev")
    for name, sdl in (("products", PRODUCTS), ("reviews", REVIEWS)):
        (folder / f"{name}.graphql").write_text(LINK + sdl)
    sources = {name: {"mock": True, "schema": {"file": f"{name}.graphql"}} for name in ("products", "reviews")}
    with running_dev(folder, sources) as running:
        yield running


def panel(visit: Visit) -> Locator:
    return visit.page.get_by_role("region", name="Composition")


def lightness(visit: Visit) -> float:
    """Of the panel's heading against what is behind it: how much they differ, from 0 to 255."""
    return float(
        visit.page.evaluate(
            """() => {
                const summary = document.querySelector('.composition summary');
                const light = (colour) => {
                    const context = new OffscreenCanvas(1, 1).getContext('2d');
                    context.fillStyle = colour;
                    context.fillRect(0, 0, 1, 1);
                    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
                    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
                };
                const text = getComputedStyle(summary.querySelector('strong')).color;
                return light(text) - light(getComputedStyle(summary).backgroundColor);
            }"""
        )
    )


@pytest.mark.parametrize(("scheme", "sign"), [("light", -1), ("dark", 1)])
def test_an_error_appears_when_a_file_is_saved_and_goes_when_it_is_mended(
    dev: RunningDev, browser: Browser, scheme: str, sign: int
) -> None:
    visit = Visit(browser, dev.url, color_scheme=scheme)
    expect(visit.page.get_by_text("Mocked: products, reviews")).to_be_visible()
    expect(panel(visit)).to_have_count(0)

    dev.write("reviews", REVIEWS.replace("stars: Int!", "stars: Int!\n  price: String @shareable"))

    expect(panel(visit)).to_contain_text("The subgraphs do not compose: 1 error")
    expect(panel(visit)).to_contain_text("The last schema that composed stays in service.")
    expect(panel(visit).locator(".composition-code")).to_have_text("FIELD_TYPE_MISMATCH")
    expect(panel(visit).locator("figcaption")).to_have_text(
        ["products.graphql:7:3 in products", "reviews.graphql:8:3 in reviews"]
    )
    expect(panel(visit).locator("mark")).to_have_text(["price", "price"])
    expect(panel(visit)).to_contain_text("Use the same type everywhere")
    assert lightness(visit) * sign > 50

    dev.write("reviews", REVIEWS)

    expect(panel(visit)).to_have_count(0)
    visit.close()


def test_the_page_learns_each_new_schema_by_itself(dev: RunningDev, browser: Browser) -> None:
    visit = Visit(browser, dev.url)
    expect(visit.page.get_by_text("Mocked: products, reviews")).to_be_visible()
    with visit.page.expect_response(lambda response: response.url == dev.url and "unheard" in response.text()):
        dev.write("products", PRODUCTS.replace("price: Int", "price: Int\n  unheard: Int"))
    visit.close()


def test_a_page_that_opens_before_anything_composes_says_why_and_then_works(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "products.graphql").write_text("type Query {")
    source = {"products": {"mock": True, "schema": {"file": "products.graphql"}}}
    with running_dev(tmp_path, source) as dev:
        visit = Visit(browser, dev.url)
        expect(panel(visit)).to_contain_text("There is nothing to serve yet.")
        expect(panel(visit).locator(".composition-code")).to_have_text("INVALID_GRAPHQL")
        dev.write("products", PRODUCTS)
        expect(panel(visit)).to_have_count(0)
        # Before that, and only before that, the page was refused a schema.
        assert all("503" in complaint for complaint in visit.complaints), visit.complaints
        visit.complaints.clear()
        visit.close()


def test_nothing_of_it_exists_where_nobody_composes(tmp_path: Path, browser: Browser) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(composed({"products": PRODUCTS}).supergraph_sdl)
    with running_gateway(tmp_path, {"supergraph": {"path": str(supergraph)}}) as gateway:
        assert gateway.http.get("/dev/composition").status_code == 404
        assert "composition" not in gateway.http.get("/graphql", headers={"accept": "text/html"}).text
        visit = Visit(browser, f"http://127.0.0.1:{gateway.port}/graphql")
        visit.run()
        visit.wait_for_text("response", "Query")
        visit.close()
