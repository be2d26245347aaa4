"""How likely a product at a position was looked at at all.

A click says that the product was seen and wanted; no click at position 30 mostly says that nobody scrolled so far. Dividing
clicks by examinations instead of impressions takes the position out of a click-through rate. The curve is the usual power
law of the click-model literature.

Source: Joachims, Swaminathan, Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017, section 5.
"""

EXAMINATION_EXPONENT = 0.65
"""0 means no position bias; 1 means that position 9 is seen a tenth as often as position 0."""


def examination(position: int) -> float:
    """The probability that a product at `position` (0 at the top) was looked at, relative to the top; in (0, 1]."""
    return float((1.0 + max(position, 0)) ** -EXAMINATION_EXPONENT)
