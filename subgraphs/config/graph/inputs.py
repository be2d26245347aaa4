"""The inputs of the config schema, turned into definitions."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost
from strawberry.scalars import JSON

from subgraphs.config import model
from subgraphs.config.definitions import Definition
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.json_values import parse_json

MAX_VARIANTS = 50
MAX_RULES = 100


@strawberry.input
class ClientContextInput:
    platform: Annotated[str, model.PLATFORM]
    app_version: Annotated[str, model.APP_VERSION]
    locale: Annotated[str, model.LOCALE] | None = None
    anonymous_id: Annotated[strawberry.ID, model.DEVICE_ID] | None = None


@strawberry.input
class VariantInput:
    key: Annotated[str, model.VARIANT_KEY] = federation.field(directives=[Cost(weight=1)])
    value: JSON
    weight: Annotated[int, model.WEIGHT]

    def as_json(self) -> dict[str, Any]:
        """The variant as definitions write it."""
        return {"key": self.key, "value": self.value, "weight": self.weight}


@strawberry.input
class RuleInput:
    segment: Annotated[str, model.SEGMENT] | None = None
    condition_json: Annotated[str, model.CONDITION_JSON] | None = None
    rollout_permille: Annotated[int, model.ROLLOUT] | None = None
    variants: list[VariantInput] = strawberry.field(directives=bounded(MAX_VARIANTS))
    bucket_by: Annotated[str, model.BUCKET_BY] = "accountId"

    def as_json(self, *, flag: str, position: int) -> dict[str, Any]:
        """The rule as definitions write it. Its seed is its flag and place, so that saving again moves nobody.

        Raises:
            InvalidInput: when the condition is not JSON.
        """
        text = self.condition_json
        condition = parse_json(text, "conditionJson", most=model.CONDITION_JSON.most) if text is not None else None
        return {
            "id": uuid7(),
            "segment": self.segment,
            "condition": condition,
            "rollout_permille": self.rollout_permille,
            "variants": [each.as_json() for each in self.variants],
            "bucket_by": self.bucket_by,
            "seed": f"{flag}:{position}",
        }


@strawberry.input
class FlagInput:
    key: Annotated[str, model.FLAG_KEY]
    description: Annotated[str, model.DESCRIPTION]
    owner: Annotated[str, model.OWNER]
    variants: list[VariantInput] = strawberry.field(directives=bounded(MAX_VARIANTS))
    default_variant: Annotated[str, model.VARIANT_KEY]
    off_variant: Annotated[str, model.VARIANT_KEY]
    rules: list[RuleInput] = strawberry.field(directives=bounded(MAX_RULES))
    schema_json: Annotated[str, model.SCHEMA_JSON] | None = None
    expires_at: datetime | None = None
    expected_version: int | None = None

    def as_definition(self) -> Definition:
        """The definition, without a state.

        Raises:
            InvalidInput: when a rule's condition is not JSON.
        """
        return {
            "key": self.key,
            "description": self.description,
            "owner": self.owner,
            "variants": [each.as_json() for each in self.variants],
            "default_variant": self.default_variant,
            "off_variant": self.off_variant,
            "rules": [rule.as_json(flag=self.key, position=place) for place, rule in enumerate(self.rules)],
            "schema_json": self.schema_json,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
        }
