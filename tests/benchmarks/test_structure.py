"""What is counted of a source tree: each figure on a tree of a few lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main as benchmarks_main
from benchmarks.code_base.figures import Share, Spread, Value
from benchmarks.code_base.graph import cycles, longest_chain, within
from benchmarks.code_base.paths import Way
from benchmarks.structure import (
    AUDIO,
    TEXT,
    Structure,
    comparison,
    main,
    measure,
    report,
    side_by_side,
)

TREE = {
    "common/__init__.py": "",
    "common/audio.py": "from common.rates import RATE\n",
    "common/rates.py": "RATE = 1\n",
    "stt_app/__init__.py": "",
    "stt_app/consumers.py": "import stt_app.core.session\nimport json\n",
    "stt_app/core/__init__.py": "",
    "stt_app/core/session.py": "from stt_app.core import segmenter\n",
    "stt_app/core/segmenter.py": (
        "from common.audio import RATE\nfrom ..names import A\nclass Segmenter: pass\n"
    ),
    "stt_app/names.py": "A = 1\n",
    "tts_app/api.py": "'Not tts_app.admin:Admin.'\nfrom tts_app.engine import Engine\n",
    "tts_app/engine.py": "class Engine: pass\n",
    "tts_app/piper/piper.py": (
        "from tts_app.engine import Engine\nWORK = 'tts_app.piper.worker:PiperWorker', 'json:loads'\n"
    ),
    "tts_app/piper/worker.py": "class PiperWorker: pass\n",
    "tts_app/admin.py": "import tts_app.api\n",
    "voiceproject/engines.py": (
        "PIPER = 'tts_app.piper.piper:Engine'\nOTHER = 'stt_app.core.session:Engine'\n"
    ),
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def measured(root: Path, files: dict[str, str]) -> Structure:
    return measure(write(root, files), {"audio": AUDIO, "text": TEXT})


def figure(root: Path, source: str, name: str) -> Value:
    """One figure of a package that has this module and an empty one."""
    return measured(root, {"llm/a.py": source}).figures["llm"][name]


def test_it_counts_modules_lines_and_folders(tmp_path: Path) -> None:
    files = {
        **TREE,
        "stt_app/migrations/0001_initial.py": "import stt_app.names\n",
        "tests/stt/test_a.py": "import stt_app\n",
    }
    figures = measured(tmp_path, files).figures
    assert list(figures) == ["all", "common", "stt_app", "tts_app", "voiceproject"]
    assert figures["all"]["modules"] == 12
    package = figures["stt_app"]
    assert (package["modules"], package["lines"]) == (4, 7)
    assert package["folders with modules"] == 2
    assert package["levels of folders below the package"] == 1
    assert figures["common"]["levels of folders below the package"] == 0
    assert figures["tts_app"]["modules of a folder, median / p90 / max"] == Spread(
        2.5, 3, 3
    )
    assert package["lines of a module, median / p90 / max"] == Spread(1.5, 3, 3)


def test_it_counts_each_import_between_packages_and_folders(tmp_path: Path) -> None:
    found = measured(tmp_path, TREE)
    assert found.package_imports == {("stt_app", "common"): 1}
    assert found.folder_imports == {
        ("stt_app", "stt_app/core"): 1,
        ("stt_app/core", "stt_app"): 1,
        ("tts_app/piper", "tts_app"): 1,
    }
    package = found.figures["stt_app"]
    assert (
        package["imports of other packages"],
        package["imports by other packages"],
    ) == (1, 0)
    assert found.figures["common"]["imports by other packages"] == 1
    assert found.figures["all"]["imports by other packages"] == 1
    assert package["imports between folders"] == 2
    assert package["pairs of folders with imports"] == 2
    again = {"stt_app/core/more.py": "import stt_app.names\n"}
    package = measured(tmp_path, again).figures["stt_app"]
    assert package["imports between folders"] == 3
    assert package["pairs of folders with imports"] == 2


def test_it_finds_cycles_between_folders_and_modules(tmp_path: Path) -> None:
    found = measured(tmp_path, TREE)
    assert found.folder_cycles == [["stt_app", "stt_app/core"]]
    assert found.module_cycles == []
    assert found.figures["tts_app"]["import cycles between folders"] == 0
    assert found.figures["stt_app"]["import cycles between folders"] == 1
    assert found.figures["stt_app"]["folders in these cycles"] == 2
    found = measured(tmp_path, {"stt_app/names.py": "from stt_app import consumers\n"})
    circle = ["consumers", "core.segmenter", "core.session", "names"]
    assert found.module_cycles == [[f"stt_app.{name}" for name in circle]]


def test_it_counts_the_longest_chain_with_all_of_a_cycle() -> None:
    graph = {"a": {"b", "f"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "f": {"d"}}
    assert cycles(graph) == [["b", "c"]]
    assert longest_chain(graph, ["a"]) == 4
    assert longest_chain(graph, ["f"]) == 2
    assert within(graph, {"a", "b"}) == {"a": {"b"}, "b": set()}


def test_it_calls_no_module_that_imports_itself_a_cycle(tmp_path: Path) -> None:
    source = "from llm import a, b\nimport llm\n"
    found = measured(tmp_path, {"llm/__init__.py": source, "llm/a.py": "A = 1\n"})
    assert found.module_cycles == []


def test_it_counts_what_stands_behind_an_entry(tmp_path: Path) -> None:
    audio = measured(tmp_path, TREE).ways["audio"]
    assert audio["to"] == "Segmenter in stt_app/core/segmenter.py"
    assert audio["plugged in by name"] == ""
    assert audio["modules of its package that it needs"] == 4
    assert audio["lines of these"] == 7
    assert audio["modules of all packages that it needs"] == 6
    assert audio["modules in its longest chain of imports, in its package"] == 4
    assert audio["modules on any chain of imports from the entry to the goal"] == 3


def test_it_follows_names_in_strings_to_what_is_plugged_in(tmp_path: Path) -> None:
    text = measured(tmp_path, TREE).ways["text"]
    assert text["plugged in by name"] == "tts_app/piper/piper.py"
    assert text["modules of its package that it needs"] == 4
    assert text["modules of all packages that it needs"] == 4
    assert text["modules on any chain of imports from the entry to the goal"] == ""
    (tmp_path / "voiceproject/engines.py").write_text("PIPER = 1\n", encoding="utf-8")
    text = measured(tmp_path, {}).ways["text"]
    assert text["modules of its package that it needs"] == 2


def test_it_says_which_entry_or_goal_is_not_there(tmp_path: Path) -> None:
    ways = {
        "a": Way("stt_app/gone.py", "Segmenter"),
        "b": Way("tts_app/api.py", "Gone"),
    }
    found = measure(write(tmp_path, TREE), ways).ways
    assert found["a"] == {"from": "stt_app/gone.py: not there"}
    assert found["b"] == {"from": "tts_app/api.py", "to": "Gone: not there"}


def test_it_measures_functions_without_their_decorators(tmp_path: Path) -> None:
    source = "def a():\n  def b():\n    pass\n  return b\n@c\ndef d(): pass\n"
    found = figure(tmp_path, source, "lines of a function, median / p90 / max")
    assert found == Spread(2, 4, 4)


def test_it_counts_lines_with_any_and_not_words(tmp_path: Path) -> None:
    source = (
        '"""Any text."""\nfrom typing import Any\n# Any\n'
        "def a(b: Any, c: Any) -> typing.Any: ...\nanything = 1\n"
    )
    assert figure(tmp_path, source, "lines with `Any`") == 2


def test_it_counts_broad_excepts(tmp_path: Path) -> None:
    source = "try: a\nexcept {}: pass\n"
    kinds = [
        "Exception",
        "(KeyError, BaseException)",
        "KeyError",
        "(OSError, KeyError)",
    ]
    files = "".join(map(source.format, kinds)) + "try: a\nexcept: pass\n"
    found = figure(tmp_path, files, "broad `except` per 1,000 lines")
    assert found == pytest.approx(1000 * 3 / 10)


DOCUMENTED = '''
def told():
    """Told."""
    def inner(): pass
def untold(): pass
def _private(): pass
class Thing:
    def __init__(self): pass
    def method(self):
        """Told."""
    def untold(self): pass
    def _own(self): pass
class _Own:
    def method(self): pass
'''


def test_it_counts_public_names_and_methods_with_a_docstring(tmp_path: Path) -> None:
    found = measured(tmp_path, {"llm/a.py": DOCUMENTED}).figures["llm"]
    assert found["public names with a docstring"] == Share(1, 3)
    assert found["public methods with a docstring"] == Share(1, 2)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def a(b: Samples): 'At 16 kHz.'", Share(1, 1)),
        ("def a(b: Samples): 'Operates on it.'", Share(0, 1)),
        ("def a() -> list[np.ndarray]: 'Samples in [-1, 1].'", Share(1, 1)),
        ("def a(*, b: npt.NDArray[X] | None): '''As float32.'''", Share(1, 1)),
        ("def a(b: Iterable[Audio]): 'Of shape (frames, channels).'", Share(1, 1)),
        ("def a(pcm: bytes): 'Mono.'", Share(1, 1)),
        ("def a(frame: memoryview): pass", Share(0, 1)),
        ("def read_audio() -> bytes: pass", Share(0, 1)),
        ("Own = npt.NDArray[X]\ndef a(b: Own): pass", Share(0, 1)),
        ("from llm.b import Frames as F\ndef a(b: F): pass", Share(0, 1)),
        ("from llm.c import Frames\ndef a(b: Frames): pass", Share(0, 0)),
        ("def a(b: bytes, frame: int): pass", Share(0, 0)),
        ("def _a(b: Samples): pass", Share(0, 0)),
        ("class A:\n 'At 16 Hz.'\n def __init__(self, b: Samples): ...", Share(1, 1)),
        ("class A:\n 'At 16 Hz.'\n def push(self, b: Samples): ...", Share(0, 1)),
    ],
)
def test_it_finds_audio_functions_and_what_they_say(
    source: str, expected: Share, tmp_path: Path
) -> None:
    others = {"llm/b.py": "Frames = npt.NDArray[X]", "llm/c.py": "class Frames: pass"}
    found = measured(tmp_path, {**others, "llm/a.py": source}).figures["llm"]
    name = "public audio functions that say rate, range, dtype or shape"
    assert found[name] == expected


@pytest.mark.parametrize(
    ("source", "expected", "public"),
    [
        ("def a():\n 'Raises X.'\n raise X", Share(1, 1), Share(1, 1)),
        ("def a():\n 'Never raises.'\n raise X", Share(0, 1), Share(0, 1)),
        ("def _a():\n if b: raise X", Share(0, 1), Share(0, 0)),
        ("def a(): pass", Share(0, 0), Share(0, 0)),
        ("def a():\n def b(): raise X", Share(0, 1), Share(0, 0)),
        ("class A:\n 'Raises X.'\n def a(self): raise X", Share(1, 1), Share(1, 1)),
    ],
)
def test_it_finds_functions_that_raise_and_whether_they_say_so(
    source: str, expected: Share, public: Share, tmp_path: Path
) -> None:
    found = measured(tmp_path, {"llm/a.py": source}).figures["llm"]
    assert found["functions with `raise` that say `Raises`"] == expected
    assert found["of these the public ones"] == public


def test_it_gives_each_folder_of_tests_to_its_package(tmp_path: Path) -> None:
    files = {
        "stt_app/a.py": "A = 1\n",
        "voiceproject/a.py": "A = 1\n",
        "tts_app/core/llm/a.py": "A = 1\n",
        "tts_app/servers/a.py": "A = 1\n",
        "benchmarks/a.py": "A = 1\n",
        "tests/stt/test_a.py": "A = 1\n" * 3,
        "tests/project/test_a.py": "A = 1\n" * 5,
        "tests/llm/test_a.py": "A = 1\n" * 8,
        "tests/servers/http.py": "A = 1\n" * 10,
        "tests/benchmarks/test_a.py": "A = 1\n" * 100,
    }
    found = measured(tmp_path, files).figures
    name = "test lines : code lines"
    assert found["stt_app"][name] == 3
    assert found["voiceproject"][name] == 5
    assert found["tts_app"][name] == 4
    assert found["all"][name] == (3 + 5 + 8 + 10) / 4
    found = measured(tmp_path, {"llm/a.py": "A = 1\n"}).figures
    assert (found["llm"][name], found["tts_app"][name]) == (8, 0)


def test_it_imports_nothing_of_the_tree(tmp_path: Path) -> None:
    assert figure(tmp_path, "raise SystemExit('imported')\n", "lines") == 1


def test_it_prints_tables(tmp_path: Path) -> None:
    text = report(measured(tmp_path, TREE))
    assert "| lines | 18 | 2 | 7 | 7 | 2 |" in text
    assert "| stt_app | 1 | – | 0 | 0 |" in text
    assert "| stt_app → stt_app/core | 1 |" in text
    assert "Import cycles between folders: stt_app ↔ stt_app/core." in text
    assert "Import cycles between modules: none." in text


def test_it_shows_two_trees_side_by_side(tmp_path: Path) -> None:
    before = measured(tmp_path / "before", {"llm/a.py": "A = 1\n"})
    after = measured(tmp_path / "after", {"llm/a.py": "A = 1\nB = 2\n", **TREE})
    text = comparison(before, after)
    assert "| lines | 1 | 20 |" in text
    assert "| lines | 1 → 20 | – → 2 |" in text
    assert "| folders in these cycles | 0 | 2 |" in text
    assert "| lines with `Any` | 0 | 0 |" not in text


def test_it_keeps_rows_and_columns_of_either_side() -> None:
    before = {"a": {"x": "1", "y": "2"}, "b": {"x": "3"}}
    after = {"a": {"x": "1", "z": "4"}}
    assert side_by_side(before, after) == {
        "a": {"x": "1", "z": "– → 4", "y": "2 → –"},
        "b": {"x": "3 → –", "z": "–", "y": "–"},
    }


def test_it_prints_json_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(write(tmp_path, TREE))
    assert benchmarks_main(["structure", "--root", root, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["after"]
    assert found["after"]["package_imports"] == [["stt_app", "common", 1]]
    figures = found["after"]["figures"]["tts_app"]
    assert figures["modules of a folder, median / p90 / max"]["median"] == 2.5
    assert main(["--root", root, "--compare", root, "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["before"] == both["after"] == found["after"]


@pytest.mark.parametrize("text", ["", "def :\n"])
def test_it_refuses_what_it_cannot_read(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"llm/a.py": text})
    with pytest.raises(SystemExit):
        main(["--root", str(tmp_path)])
    assert ("a.py" if text else "no package in") in capsys.readouterr().err
