"""The inputs of the config schema, turned into definitions."""

from datetime import datetime
from typing import Any

import orjson
import strawberry
from strawberry.scalars import JSON

from subgraphs.config.definitions import Definition
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput


@strawberry.input
class ClientContextInput:
    platform: str
    app_version: str
    locale: str | None = None
    anonymous_id: strawberry.ID | None = None


@strawberry.input
class VariantInput:
    key: str
    value: JSON
    weight: int

    def as_json(self) -> dict[str, Any]:
        """The variant as definitions write it."""
        return {"key": self.key, "value": self.value, "weight": self.weight}


@strawberry.input
class RuleInput:
    segment: str | None = None
    condition_json: str | None = None
    rollout_permille: int | None = None
    variants: list[VariantInput]
    bucket_by: str = "accountId"

    def as_json(self, *, flag: str, position: int) -> dict[str, Any]:
        """The rule as definitions write it. Its seed is its flag and place, so that saving again moves nobody.

        Raises:
            InvalidInput: when the condition is not JSON.
        """
        try:
            condition = orjson.loads(self.condition_json) if self.condition_json is not None else None
        except orjson.JSONDecodeError as error:
            raise InvalidInput("conditionJson is not JSON", "rules", "conditionJson") from error
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
    key: str
    description: str
    owner: str
    variants: list[VariantInput]
    default_variant: str
    off_variant: str
    rules: list[RuleInput]
    schema_json: str | None = None
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
