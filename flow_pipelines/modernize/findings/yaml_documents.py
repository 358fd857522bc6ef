"""YAML from outside, read as texts: mappings, lists and strings, and nothing that its words may mean.

Belongs here: building a document of the parser's events within limits. Does not: other formats (`documents.py`), and
our own files, which YAML's usual loader reads.

What a loader makes of words does harm here: `00110` is the name of a rule and no octal number, `yes` no truth, a long
`59:59:59...` is minutes of arithmetic, and a tag asks for code to be run. So tags are passed over,
numbers stay texts (`documents.number_of` reads them), and only null is nothing, as tools write it for what is absent.
"""

from __future__ import annotations

import yaml

# A document is read by the event, 3 MB a second.
MOST_CHARACTERS = 48 * 1024 * 1024
# Reports have a value by some 60 characters, so this is more than the largest holds; an empty list takes 64 bytes.
MOST_VALUES = 2_000_000
DEEPEST = 60
NOTHING = {"", "~", "null", "Null", "NULL"}
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A document that is not read; says why."""


class _Builder:
    """A document under construction: the collections that are open, and keys that wait for their value."""

    def __init__(self) -> None:
        self.root: object = None
        self.open: list[dict[str, object] | list[object]] = []
        self.keys: list[str | None] = []
        self.count = 0

    def take(self, event: yaml.Event) -> None:
        """Go on by one event."""
        if isinstance(event, yaml.AliasEvent):
            raise YamlError("it refers to itself by an alias")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin({} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.keys.pop()

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._is_key_due():
            self.keys[-1] = event.value
            self._counted()
        else:
            is_nothing = event.style is None and event.value in NOTHING
            self._add(None if is_nothing else event.value)

    def _begin(self, collection: dict[str, object] | list[object]) -> None:
        if self._is_key_due():
            raise YamlError("a key is no text")
        if len(self.open) >= DEEPEST:
            raise YamlError("it is nested too deeply")
        self._add(collection)
        self.open.append(collection)
        self.keys.append(None)

    def _is_key_due(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1], dict) and self.keys[-1] is None

    def _add(self, value: object) -> None:
        self._counted()
        if not self.open:
            self.root = value
            return
        parent, key = self.open[-1], self.keys[-1]
        if isinstance(parent, list):
            parent.append(value)
        elif key is not None:
            if key in parent:
                raise YamlError(f"the key {key[:60]!r} is there twice")
            parent[key] = value
            self.keys[-1] = None

    def _counted(self) -> None:
        self.count += 1
        if self.count > MOST_VALUES:
            raise YamlError(f"it has more than {MOST_VALUES:,} values")


def read_yaml(text: str) -> object:
    """Return what a document holds: mappings of texts, lists, texts, and None for null.

    Raises:
        YamlError: It is no YAML, too long, too deep, has too many values or two documents, refers to itself, or has a
            key twice or one that is no text.
    """
    if len(text) > MOST_CHARACTERS:
        raise YamlError(f"it has {len(text):,} characters; of YAML no more than {MOST_CHARACTERS:,} are read")
    builder = _Builder()
    documents = 0
    try:
        for event in yaml.parse(text, Loader=PARSER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise YamlError("it holds several documents")
            builder.take(event)
    except (yaml.YAMLError, UnicodeError) as error:
        raise YamlError(f"it is no YAML: {' '.join(str(error).split())}") from error
    return builder.root
