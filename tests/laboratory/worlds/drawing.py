"""Draws a world, one kind of thing after the other, until one composes."""

import random

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from tests.laboratory.worlds.abstract import draw_abstract
from tests.laboratory.worlds.conditions import draw_conditions
from tests.laboratory.worlds.contexts import draw_contexts
from tests.laboratory.worlds.data import make_objects
from tests.laboratory.worlds.entities import draw_entities
from tests.laboratory.worlds.faults import draw_faults, draw_faults_beside
from tests.laboratory.worlds.hidden import draw_hidden
from tests.laboratory.worlds.interface_objects import draw_interface_objects
from tests.laboratory.worlds.model import Blueprint, some
from tests.laboratory.worlds.requirements import draw_provided, draw_requirements
from tests.laboratory.worlds.roots import (
    complete_roots,
    draw_mutations,
    draw_roots,
    draw_roots_below,
    draw_subscriptions,
)
from tests.laboratory.worlds.sdl import subgraph_sdl
from tests.laboratory.worlds.transfers import draw_transfers
from tests.laboratory.worlds.values import draw_values
from tests.laboratory.worlds.world import World


def draw_world(rnd: random.Random, size: int = 4, *, has_clear_faults: bool = False) -> World:
    """A random world; its subgraphs compose.

    Args:
        size: how much there may be of each kind of thing, from 1.
        has_clear_faults: Whether fields fail only where one schema with the same faults would answer the same.
    """
    while True:
        world = build(rnd, draw_blueprint(rnd, size, has_clear_faults=has_clear_faults))
        if world is not None:
            return world


def draw_blueprint(rnd: random.Random, size: int, *, has_clear_faults: bool = False) -> Blueprint:
    """A random schema with its split; most of them compose."""
    blueprint = Blueprint([f"s{index}" for index in range(rnd.randint(2, max(2, size)))])
    draw_entities(rnd, blueprint, size)
    draw_values(rnd, blueprint)
    draw_abstract(rnd, blueprint)
    draw_interface_objects(rnd, blueprint)
    draw_roots(rnd, blueprint)
    if rnd.random() < 0.4:
        draw_roots_below(rnd, blueprint)
    draw_transfers(rnd, blueprint)
    draw_requirements(rnd, blueprint)
    draw_provided(rnd, blueprint)
    draw_contexts(rnd, blueprint)
    if rnd.random() < 0.4:
        draw_conditions(rnd, blueprint)
    if rnd.random() < 0.4:
        draw_mutations(rnd, blueprint)
    if rnd.random() < 0.3:
        draw_subscriptions(rnd, blueprint)
    complete_roots(blueprint)
    if rnd.random() < 0.25:
        draw_hidden(rnd, blueprint)
    match rnd.random():
        case drawn if drawn < 0.3:
            draw_faults(rnd, blueprint)
        case drawn if drawn < 0.5 and not has_clear_faults:
            draw_faults_beside(rnd, blueprint)
    return blueprint


def build(rnd: random.Random, blueprint: Blueprint) -> World | None:
    """The blueprint with objects, or None if it does not compose."""
    sdl = {place: text for place in blueprint.services if (text := subgraph_sdl(blueprint, place))}
    try:
        composed = compose([Subgraph(name=name, url=f"http://{name}.test/", sdl=text) for name, text in sdl.items()])
    except CompositionFailed:
        return None
    objects, roots = make_objects(rnd, blueprint)
    labels = sorted({each.label for known in blueprint.types.values() for each in known.fields.values() if each.label})
    active = frozenset(some(rnd, labels, least=0))
    return World(blueprint, sdl, composed.supergraph_sdl, objects, roots, active)
