from pathlib import Path

import pytest

from service.config import Settings
from service.storage import open_store, utc_now
from service.store.ports import StoreUnreachable
from service.store.redis_link import BadStoreUrl
from tests.builders import a_status


def test_without_an_address_the_embedded_store_of_the_folder_is_used(tmp_path: Path) -> None:
    with open_store(Settings.from_env({}), tmp_path) as store:
        store.register((a_status(),))
    with open_store(Settings.from_env({}), tmp_path) as store:
        assert store.statuses().keys() == {"nimbus"}


def test_a_named_store_that_is_away_is_no_error_until_it_is_asked(tmp_path: Path) -> None:
    settings = Settings.from_env({"GPUQUOTE_REDIS_URL": f"unix://{tmp_path}/none.sock"})
    with open_store(settings, tmp_path) as store, pytest.raises(StoreUnreachable):
        store.pointers()


def test_an_address_of_several_servers_is_refused(tmp_path: Path) -> None:
    settings = Settings.from_env({"GPUQUOTE_REDIS_URL": "redis+sentinel://127.0.0.1:26379/main"})
    with pytest.raises(BadStoreUrl), open_store(settings, tmp_path):
        pass


def test_the_clock_is_aware() -> None:
    assert utc_now().tzinfo is not None
