"""The catalogues of translations: extraction from the sources, and compilation.

A development tool. GNU gettext is not needed; Babel is in `requirements/dev.in`.
"""
