"""How Sphinx makes a site of the pages in docs/: `make docs-site`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from common.product import NAME
from common.version import VERSION

project = NAME
version = release = VERSION
extensions = ["myst_parser"]
exclude_patterns = ["site", "pictures"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
# Fences name a language for editors; some hold excerpts that no lexer accepts.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = NAME
html_favicon = "../../static/img/favicon.svg"
html_copy_source = False
html_show_sphinx = False
