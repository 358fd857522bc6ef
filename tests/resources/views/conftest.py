from __future__ import annotations

import pytest

from flow_pipelines.scope import Scope
from resources.installation import Installation
from tests.resources.views.happenings import Engagement


@pytest.fixture
def engagement(installation: Installation, scope: Scope) -> Engagement:
    """A fresh engagement to which nothing has happened."""
    return Engagement(installation.database, scope)
