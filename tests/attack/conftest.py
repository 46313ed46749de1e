"""One clone, one application and one world for each module of attacks."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.attack.mondo import Mondo, crea
from tests.casa import Casa, apri_casa, clone


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    """Settings on a clone of the template."""
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    """The application on that clone."""
    async with apri_casa(settings) as aperta:
        yield aperta


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mondo(casa: Casa) -> Mondo:
    """Crema's objects."""
    return await crea(casa)
