"""The best of the leaf categories that the buyer cares for, more of those cared for more.

A category's claim is its share of the buyer's interest, fast and slow paces together: today's search counts as much as the
month's taste. Within a category the popular and the new come first.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.decay import DAY
from workers.ranking.candidates.question import Question, best

MAX_CATEGORIES = 8
NEWNESS_DAYS = 10.0


def rows(question: Question) -> NDArray[np.intp]:
    """Up to the slate's size of products, the strongest category first."""
    catalogue = question.market.catalogue
    leaves = catalogue.paths[:, -1]
    claims = _claims(question)
    whole = sum(claims.values())
    age_days = np.maximum(question.now - catalogue.created_at, 0.0) / DAY
    scores = np.log1p(question.popularity) + np.exp(-age_days / NEWNESS_DAYS)
    found = []
    for category_id, claim in claims.items():
        members = question.scope & (leaves == catalogue.category_rows[category_id])
        found.append(best(scores, members, count=int(np.ceil(question.size * claim / whole))))
    return np.concatenate(found) if found else np.empty(0, dtype=np.intp)


def _claims(question: Question) -> dict[str, float]:
    catalogue = question.market.catalogue
    whole = question.profile.interest.read(question.now)
    leaf_ids = {catalogue.category_ids[row] for row in np.unique(catalogue.paths[:, -1])}
    claims: dict[str, float] = {}
    for category_id, mass in question.profile.categories.items():
        if category_id not in leaf_ids:
            continue
        part = mass.read(question.now)
        claims[category_id] = sum(p / w for p, w in zip(part, whole, strict=True) if w > 0.0)
    largest = sorted(claims.items(), key=lambda claim: (-claim[1], claim[0]))[:MAX_CATEGORIES]
    return {category_id: claim for category_id, claim in largest if claim > 0.0}
