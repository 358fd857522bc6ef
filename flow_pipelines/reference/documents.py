"""Reading the platform's own YAML: versioned data, written by people of ours.

Belongs here: that one call. Does not: what any document means, nor what users write (`flow_pipelines/settings.py`),
whose mistakes are told with line and column.
"""

from __future__ import annotations

from typing import Any

import yaml

# All of them come to 560 KB: 2.3 s of CPU in each process without libyaml, 0.3 s with it. PyYAML has it wherever
# there is a wheel; what both read is the same.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:  # noqa: ANN401  (whatever is written there)
    """Return the content of a YAML document."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506  (either is a safe one)
