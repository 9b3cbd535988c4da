"""Settings of the documentation: `sphinx-build -n -T -W docs OUT`."""

import re
from collections.abc import Iterator
from importlib.metadata import version as installed_version

from pygments.lexers.special import TextLexer
from sphinx import search
from sphinx.application import Sphinx

project = "kpilib"
author = "the kpilib developers"
copyright = author
release = version = installed_version("kpilib")
language = "zh_CN"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser", "sphinx_design"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"kpilib {release}"
html_show_copyright = False
html_show_sphinx = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
# No intersphinx: a build asks no other machine. Names of the standard library stay unlinked instead.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|datetime|decimal|fractions|os|pathlib|typing)\..*"),
    ("py:.*", r"(Any|Decimal|Fraction|Iterable|Mapping|Path|Sequence)"),
]


class Bigrams(search.SearchLanguage):
    """Chinese by pairs of characters: Sphinx's own Chinese search needs jieba and a stemmer that 9.0 does not ship."""

    lang = "zh"
    language_name = "Chinese"
    # A run of Chinese becomes all its pairs, on both sides alike, so any word of two or more characters is found.
    js_splitter_code = """
var splitQuery = (query) => [...query.matchAll(/[\\u3400-\\u9fff]+|[a-z0-9_]+/gi)].flatMap(([run]) =>
  /[\\u3400-\\u9fff]/.test(run) && run.length > 2
    ? Array.from({length: run.length - 1}, (_, i) => run.slice(i, i + 2))
    : [run]);
"""

    def split(self, input: str) -> list[str]:
        return list(self._words(input))

    def _words(self, text: str) -> Iterator[str]:
        for run in re.findall(r"[\u3400-\u9fff]+|[a-zA-Z0-9_]+", text):
            if run.isascii() or len(run) <= 2:
                yield run
            else:
                yield from (run[i : i + 2] for i in range(len(run) - 1))

    def stem(self, word: str) -> str:
        return word.lower()


class RuleLexer(TextLexer):
    """Plan files and rules, shown without colours."""

    name = "kpi"
    aliases = ["kpi"]  # noqa: RUF012 -- Pygments reads a plain list off the class


class TableLexer(TextLexer):
    """CSV, shown without colours."""

    name = "csv"
    aliases = ["csv"]  # noqa: RUF012 -- Pygments reads a plain list off the class


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what a plain setting cannot name."""
    app.add_search_language(Bigrams)
    app.add_lexer("kpi", RuleLexer)
    app.add_lexer("csv", TableLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
