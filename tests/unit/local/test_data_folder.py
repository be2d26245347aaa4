import stat
from pathlib import Path

from local.up import make_data_folder


def test_the_data_folder_is_its_users_alone_an_older_one_too(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir(mode=0o755)
    for folder in (old, tmp_path / "new"):
        make_data_folder(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
