from xml.etree import ElementTree

import pytest

from subgraphs.catalog.pictures import picture


@pytest.mark.parametrize(
    "shape", ["box", "bottle", "garment", "device", "book", "ball", "lamp", "shoe", "plant", "unheard-of"]
)
def test_every_shape_is_a_well_formed_drawing(shape: str) -> None:
    drawn = ElementTree.fromstring(picture({"shape": shape, "hue": 40, "seed": 3}, title="Tea & <Cups>"))
    assert drawn.tag.endswith("svg")
    assert drawn[0].text == "Tea & <Cups>"


def test_a_picture_is_the_same_for_the_same_product_and_another_for_another() -> None:
    described = {"shape": "bottle", "hue": 40, "seed": 3}
    assert picture(described, title="A") == picture(described, title="A")
    assert picture(described, title="A") != picture({**described, "seed": 4}, title="A")
