"""Draws a product's picture: a quiet SVG of its shape, its colours, and what it is called. Pure; the same for the same input."""

import random
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

SIZE = 640


def picture(described: Mapping[str, Any], *, title: str) -> str:
    """The SVG, 640 x 640.

    Args:
        described: ``shape`` (an unknown one is drawn as a box), ``hue`` in degrees 0..359, ``seed`` for what varies.
    """
    chance = random.Random(int(described.get("seed", 0)))  # noqa: S311 - a drawing, not a secret
    hue = int(described.get("hue", 200)) % 360
    draw = _SHAPES.get(str(described.get("shape")), _box)
    light, deep = f"hsl({hue} 45% 92%)", f"hsl({(hue + 24) % 360} 42% 82%)"
    tilt = chance.uniform(-6, 6)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="{light}"/>'
        f'<stop offset="1" stop-color="{deep}"/></linearGradient></defs>'
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#g)"/>'
        f'<ellipse cx="320" cy="500" rx="190" ry="26" fill="hsl({hue} 30% 30% / 0.18)"/>'
        f'<g transform="rotate({tilt:.1f} 320 330)">{draw(hue, chance)}</g>'
        "</svg>"
    )


def _tone(hue: int, lightness: int, saturation: int = 48) -> str:
    return f"hsl({hue % 360} {saturation}% {lightness}%)"


def _box(hue: int, chance: random.Random) -> str:
    height = chance.randint(200, 280)
    top = 490 - height
    return (
        f'<rect x="190" y="{top}" width="260" height="{height}" rx="18" fill="{_tone(hue, 52)}"/>'
        f'<rect x="190" y="{top}" width="260" height="56" rx="18" fill="{_tone(hue, 42)}"/>'
        f'<rect x="296" y="{top}" width="48" height="{height}" fill="{_tone(hue + 30, 68)}" opacity="0.75"/>'
    )


def _bottle(hue: int, chance: random.Random) -> str:
    width = chance.randint(110, 150)
    left = 320 - width // 2
    return (
        f'<rect x="292" y="130" width="56" height="90" rx="10" fill="{_tone(hue, 38)}"/>'
        f'<rect x="{left}" y="210" width="{width}" height="282" rx="42" fill="{_tone(hue, 54)}"/>'
        f'<rect x="{left}" y="320" width="{width}" height="92" fill="{_tone(hue + 40, 86)}"/>'
    )


def _garment(hue: int, chance: random.Random) -> str:
    sleeve = chance.randint(300, 380)
    return (
        f'<path d="M250 170 L190 200 L140 {sleeve} L196 {sleeve + 24} L224 280 L224 490 L416 490 L416 280 L444 {sleeve + 24} '
        f'L500 {sleeve} L450 200 L390 170 Q320 220 250 170 Z" fill="{_tone(hue, 54)}"/>'
        f'<path d="M250 170 Q320 220 390 170" fill="none" stroke="{_tone(hue, 36)}" stroke-width="10"/>'
    )


def _device(hue: int, chance: random.Random) -> str:
    width = chance.choice((190, 300))
    left = 320 - width // 2
    return (
        f'<rect x="{left}" y="160" width="{width}" height="330" rx="28" fill="{_tone(hue, 24, 18)}"/>'
        f'<rect x="{left + 14}" y="188" width="{width - 28}" height="262" rx="8" fill="{_tone(hue, 66)}"/>'
        f'<circle cx="320" cy="470" r="8" fill="{_tone(hue, 60, 12)}"/>'
    )


def _book(hue: int, chance: random.Random) -> str:
    band = chance.randint(220, 380)
    return (
        f'<rect x="210" y="150" width="230" height="342" rx="8" fill="{_tone(hue, 46)}"/>'
        f'<rect x="210" y="150" width="30" height="342" fill="{_tone(hue, 34)}"/>'
        f'<rect x="240" y="{band}" width="200" height="56" fill="{_tone(hue + 40, 84)}"/>'
    )


def _ball(hue: int, chance: random.Random) -> str:
    lean = chance.randint(30, 90)
    return (
        f'<circle cx="320" cy="345" r="150" fill="{_tone(hue, 56)}"/>'
        f'<path d="M{320 - lean} 205 Q320 345 {320 - lean} 485 M{320 + lean} 205 Q320 345 {320 + lean} 485" fill="none" '
        f'stroke="{_tone(hue, 40)}" stroke-width="10"/>'
        f'<circle cx="270" cy="285" r="34" fill="white" opacity="0.25"/>'
    )


def _lamp(hue: int, chance: random.Random) -> str:
    flare = chance.randint(90, 140)
    return (
        f'<path d="M{320 - 60} 150 L{320 + 60} 150 L{320 + flare} 290 L{320 - flare} 290 Z" fill="{_tone(hue + 20, 64)}"/>'
        f'<rect x="312" y="290" width="16" height="180" fill="{_tone(hue, 34)}"/>'
        f'<rect x="240" y="468" width="160" height="24" rx="12" fill="{_tone(hue, 40)}"/>'
    )


def _shoe(hue: int, chance: random.Random) -> str:
    heel = chance.randint(24, 40)
    return (
        f'<path d="M180 300 Q230 330 290 300 Q330 380 460 400 Q490 420 484 456 L170 456 Q160 370 180 300 Z" '
        f'fill="{_tone(hue, 52)}"/>'
        f'<rect x="168" y="452" width="320" height="{heel}" rx="14" fill="{_tone(hue + 40, 88)}"/>'
    )


def _plant(hue: int, chance: random.Random) -> str:
    leaves = "".join(
        f'<ellipse cx="320" cy="240" rx="30" ry="110" fill="{_tone(120 + chance.randint(-25, 25), 42)}" '
        f'transform="rotate({angle} 320 350)"/>'
        for angle in (-52, -26, 0, 26, 52)
    )
    return f'{leaves}<path d="M230 360 L410 360 L384 492 L256 492 Z" fill="{_tone(hue, 56)}"/>'


_SHAPES: Mapping[str, Callable[[int, random.Random], str]] = {
    "box": _box,
    "bottle": _bottle,
    "garment": _garment,
    "device": _device,
    "book": _book,
    "ball": _ball,
    "lamp": _lamp,
    "shoe": _shoe,
    "plant": _plant,
}
