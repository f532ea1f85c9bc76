"""Packages that are not f1cap's, installed into a folder as pip would install them."""

import shutil
from pathlib import Path

SOURCES = Path(__file__).parent


def install(folder: Path, package: str, *entry_points: str, source: str | None = None) -> Path:
    """Install a package, version 1.0, into a folder for sys.path.

    Args:
        folder: Made if it is not there.
        package: The name of the distribution.
        entry_points: Lines of the group f1cap.families, as `name = module:object`.
        source: Text of the module that is named as the package is; by default the package of that
            name beside this file.
    """
    module = package.replace("-", "_")
    information = folder / f"{module}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    (information / "entry_points.txt").write_text(
        "\n".join(("[f1cap.families]", *entry_points)) + "\n", encoding="utf-8"
    )
    if source is None:
        shutil.copytree(SOURCES / module, folder / module)
    else:
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
    return folder
