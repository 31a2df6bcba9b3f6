"""Texts of all scripts are joined as they are written."""

from __future__ import annotations

import pytest

from stt_app.core.scripts import joined


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["One.", "Two."], "One. Two."),
        (["", "One.", "", "Two."], "One. Two."),
        (["これは一。", "これは二。"], "これは一。これは二。"),
        (["你好", "world"], "你好world"),
        (["안녕하세요", "반갑습니다"], "안녕하세요 반갑습니다"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
    ],
)
def test_there_is_a_space_where_the_script_has_one(
    texts: list[str], whole: str
) -> None:
    assert joined(texts) == whole
