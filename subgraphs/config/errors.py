"""What the config service refuses besides the shared refusals."""

from subgraphs.kit.runtime.refusals import Refusal


class SchemaViolation(Refusal):
    """Raised when a variant's value does not fit the flag's own JSON Schema."""

    code = "SCHEMA_VIOLATION"
