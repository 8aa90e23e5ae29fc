"""OpenStax's textbooks: what a term means, asked over the paragraph that says it."""

from __future__ import annotations

import re
from pathlib import Path

from chatbot.prompts import PromptStyle, build_prompt
from finetune.data.example import Example, fingerprint
from finetune.reader import sources

_ASKED = re.compile(r"^(?:What (?:is|does)|Define|How is) (.+?)(?: mean| defined)?[.?]$")


def read_definitions(path: Path) -> list[Example]:
    """Glossary entries whose section (`modules.jsonl.gz` beside) says the same in a sentence.

    Asked what a term means, the answer is the glossary's own words; asked for the term, the term.
    """
    glossary = {(section, term): meaning for section, term, meaning in sources.glossary(path)}
    examples = []
    for one in sources.openstax_definitions(path.parent):
        term = _ASKED.match(one.question)
        meaning = glossary.get((one.group, term[1])) if term and one.task == "definition" else None
        target = meaning or one.text
        prompt = build_prompt(one.question, [one.passage], PromptStyle())
        examples.append(Example(prompt, target, f"openstax-{one.task}", fingerprint(one.passage)))
    return examples
