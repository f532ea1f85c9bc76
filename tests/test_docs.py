"""The README and the program say the same."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import f1cap
from f1cap.cli.app import COMMANDS, app
from f1cap.models.device.torch_build import cpu_command, install_command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _command_lines() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("f1cap ")]


def test_every_command_is_in_the_table() -> None:
    listed = re.findall(r"^\| `f1cap (\w+)", README, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("line", _command_lines())
def test_command_lines_are_understood(line: str, runner: CliRunner) -> None:
    """Options are parsed before --help is obeyed only if it comes last; so nothing is run."""
    arguments = shlex.split(line, comments=True)[1:]
    result = runner.invoke(app, [*arguments, "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("line", _command_lines())
def test_options_in_the_readme_exist(line: str, runner: CliRunner) -> None:
    arguments = shlex.split(line, comments=True)[1:]
    helptext = runner.invoke(app, [arguments[0], "--help"]).output
    for option in (word for word in arguments[1:] if word.startswith("--")):
        assert option in helptext, option


@pytest.mark.parametrize(("command", "summary"), COMMANDS.items())
def test_the_help_says_of_a_command_what_its_own_help_says(
    command: str, summary: str, runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    paragraphs = runner.invoke(app, [command, "--help"]).output.split("\n\n")
    assert " ".join(paragraphs[1].split()) == summary
    together = " ".join(runner.invoke(app, ["--help"]).output.split())
    assert f"{command} {summary}" in together


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = runner.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    # only choices stand in such brackets, no types of Python
    assert not re.search(r"<[^|>]*>", result.output)


def test_version(runner: CliRunner) -> None:
    assert runner.invoke(app, ["--version"]).output == f"f1cap {f1cap.__version__}\n"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{f1cap.__version__}]" in changelog


def test_the_recipes_are_those_that_the_program_names() -> None:
    recipes = re.findall(
        r'^pipx install (\S+) --pip-args="--extra-index-url (\S+)"$', README, re.MULTILINE
    )
    assert [package for package, _ in recipes] == [".", '".[cuda12]"', "."]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (cuda12,) = settings["project"]["optional-dependencies"]["cuda12"]
    named = [cpu_command("pip"), install_command((6, 1), "pip"), install_command((7, 5), "pip")]
    for (_, index), requirement, command in zip(
        recipes, ("torch", cuda12, "torch"), named, strict=True
    ):
        assert command == (
            f'pip install --force-reinstall "{requirement}" --extra-index-url {index}'
        )


def test_exit_codes_and_variables_are_told() -> None:
    for code in (0, 1, 2, 3, 130):
        assert f"| {code} |" in README
    for variable in ("F1CAP_CACHE_DIR", "HF_HUB_OFFLINE", "HF_TOKEN", "NO_COLOR"):
        assert variable in README


def test_the_pages_for_people_are_there() -> None:
    for page in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"):
        assert (ROOT / page).read_text(encoding="utf-8").strip(), page


def test_the_picture_of_the_layers_is_the_one_that_is_checked() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (checked,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    (picture,) = re.findall(r"```\n(__main__\n.*?)```", README, re.DOTALL)
    drawn = [re.split(r" {2,}", line)[0] for line in picture.splitlines()]
    assert drawn == [layer.replace("f1cap.", "") for layer in checked]
    packages = {path.stem for path in (ROOT / "f1cap").iterdir() if path.suffix in {"", ".py"}}
    named = {name for line in drawn for name in line.split(" | ")}
    assert packages - named - {"__pycache__"} == {"__init__", "bundled", "training"}
