"""How Sphinx makes a site of the pages in docs/: `make docs-site`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from common.product import NAME, VERSION

project = NAME
version = release = VERSION
extensions = ["myst_parser"]
exclude_patterns = ["site", "pictures"]
myst_heading_anchors = 4
# Fences name a language for editors; some hold excerpts that no lexer accepts.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
# The accent of the server's own pages.
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0f5c7a",
        "color-brand-content": "#0f5c7a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc6e4",
        "color-brand-content": "#7cc6e4",
    },
}
html_title = NAME
html_favicon = "../../static/img/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
