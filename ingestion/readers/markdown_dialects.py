"""Removes the control syntax that course Markdown carries beside CommonMark, leaving its text.

Two dialects: MDX as the Hugging Face courses write it (imports, JSX components, `{#if …}`), and the
`:role:` directives of Dive into Deep Learning. Code, fenced or inline, is never touched.
"""

from __future__ import annotations

import re

_BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_ATTRIBUTE = rf"""\s+(?:{_BRACES}|[\w:-]+(?:=(?:"[^"]*"|'[^']*'|{_BRACES}))?)"""
_CODE = (
    r"(?P<code>^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??[ \t]*(?P=fence)|(?<!:)`[^`\n]+`)"
)
_CONTROL = re.compile(
    _CODE + r"|^(?:import|export)\s[^\n]*(?:from\s|=)[^\n]*$"
    r"|\{/\*.*?\*/\}|\{[#/:@](?:if|else|each|await|html|key)\b[^}\n]*\}"
    r"|</?hfoptions?\b[^>]*>"
    rf"|<(?P<jsx>/?[A-Z]\w*)(?P<attributes>(?:{_ATTRIBUTE})*)\s*/?>",
    re.M | re.S,
)
_STATED = re.compile(
    r"""\b(?:text|explain|title|label)\s*[:=]\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
)
_ROLE = re.compile(
    _CODE
    + r"|^:(?:begin_tab|end_tab|label|eqlabel|width|height|maxdepth|numbered|bibliography):[^\n]*$"
    r"|[ ~]?:(?:label|eqlabel|numref|eqref|ref|cite|width):`[^`]*`"
    r"|:(?P<named>cite[tp]):`(?P<key>[^`]*)`"
    r"|\[(?P<mark>\*\*|~~)(?P<marked>(?:[^\n]|\n(?!\n))+?)(?P=mark)\](?![(\[])",
    re.M | re.S,
)


def without_control_syntax(text: str) -> str:
    """The Markdown inside `text`. Quiz questions given as attributes become list items."""
    if "<" in text or "{" in text or "import " in text:
        text = _CONTROL.sub(_plain_control, text)
    if ":`" in text or "[**" in text or "[~~" in text:
        text = _ROLE.sub(_plain_role, text)
    return text


def _plain_control(match: re.Match[str]) -> str:
    if match["code"]:
        return match[0]
    if match["jsx"] == "Question":
        items = [item[1:-1].replace("\\", "") for item in _STATED.findall(match["attributes"])]
        return "\n" + "".join(f"\n- {item}" for item in items) + "\n\n"
    return ""


def _plain_role(match: re.Match[str]) -> str:
    if match["code"]:
        return match[0]
    if match["named"]:
        return match["key"]
    return _ROLE.sub(_plain_role, match["marked"]) if match["marked"] else ""
