import gzip
from pathlib import Path

import pytest

from workers.demo_market.online_retail import RetailUnreadable, read

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = (
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "536366,71053,WHITE METAL LANTERN,6,2010-12-02 09:00:00,3.39,13047.0,United Kingdom\n"
    "536366,85123a,WHITE HANGING HEART T-LIGHT HOLDER,1,2010-12-02 09:00:00,2.95,13047.0,United Kingdom\n"
)
LEFT_OUT = (
    "C536367,71053,WHITE METAL LANTERN,-6,2010-12-03 09:00:00,3.39,13047.0,United Kingdom\n"
    "536368,POST,POSTAGE,1,2010-12-03 09:00:00,18.00,13047.0,France\n"
    "536369,71053,WHITE METAL LANTERN,1,2010-12-03 09:00:00,3.39,,United Kingdom\n"
    "536370,71053,WHITE METAL LANTERN,1,2010-12-03 09:00:00,0.0,13047.0,United Kingdom\n"
)


def packed(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_sales_become_purchases_in_time_order(tmp_path: Path) -> None:
    orders = read(packed(tmp_path / "retail.csv.gz", HEAD + LINES + LEFT_OUT))
    assert [(event.buyer_id, event.product_id, event.slate_id) for event in orders.events] == [
        ("17850.0", "85123A", "536365"),
        ("13047.0", "71053", "536366"),
        ("13047.0", "85123A", "536366"),
    ]
    assert orders.until == orders.events[-1].at + 1.0
    assert orders.catalogue.ids == ("71053", "85123A")
    assert orders.catalogue.prices.tolist() == [339.0, 295.0]


def test_a_product_is_listed_after_its_first_sale(tmp_path: Path) -> None:
    orders = read(packed(tmp_path / "retail.csv.gz", HEAD + LINES))
    row = orders.catalogue.rows["85123A"]
    assert orders.catalogue.created_at[row] == orders.events[0].at + 1.0


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD, HEAD + LEFT_OUT])
def test_another_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(RetailUnreadable, match=r"retail\.csv\.gz"):
        read(packed(tmp_path / "retail.csv.gz", text))


def test_a_missing_or_unpacked_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetailUnreadable):
        read(tmp_path / "retail.csv.gz")
    plain = tmp_path / "plain.csv.gz"
    plain.write_text(HEAD + LINES)
    with pytest.raises(RetailUnreadable, match="plain"):
        read(plain)
