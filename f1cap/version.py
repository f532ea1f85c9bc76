"""The version of f1cap, which the build reads here too, and those of other packages."""

VERSION = "0.1.0"


def installed_version(package: str) -> str | None:
    """Return the version of an installed package, without importing it; None if there is none."""
    import importlib.metadata  # not at the start: `import f1cap` need not pay for it

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
