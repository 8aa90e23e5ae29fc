import json

import pytest

from ingestion.errors import UnreadableDocument
from ingestion.readers.ipynb import NotebookReader


@pytest.fixture
def read(tmp_path):
    def of(content):
        path = tmp_path / "lab.ipynb"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return NotebookReader().read(path)

    return of


def code(source, *outputs):
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def markdown(*lines):
    return {"cell_type": "markdown", "source": list(lines)}


def found(document):
    return [(b.locator.label, b.kind, b.text) for b in document.blocks]


def test_cells_are_numbered_and_stand_under_markdown_headings(read):
    document = read(
        {
            "nbformat": 4,
            "cells": [
                markdown("# Lab 1\n", "\n", "Summarize *dialogues*."),
                code(["import torch\n", "torch.ones(1)"]),
                markdown("## Generate"),
                code("model.generate()"),
            ],
        }
    )
    assert document.title == "Lab 1"
    assert found(document) == [
        ("cell 1", "heading", "Lab 1"),
        ("cell 1", "text", "Summarize dialogues."),
        ("cell 2", "code", "import torch\ntorch.ones(1)"),
        ("cell 3", "heading", "Generate"),
        ("cell 4", "code", "model.generate()"),
    ]
    assert document.blocks[-1].headings == ("Lab 1", "Generate")


def test_printed_text_stays_and_pictures_objects_and_tracebacks_go(read):
    document = read(
        {
            "cells": [
                code(
                    "run()",
                    {"output_type": "stream", "text": ["loss \x1b[31m0.5\x1b[0m\n"]},
                    {
                        "output_type": "display_data",
                        "data": {"image/png": "iVBORw0", "text/plain": ["<Figure size 1x1>"]},
                    },
                    {"output_type": "execute_result", "data": {"text/plain": "42"}},
                    {
                        "output_type": "error",
                        "ename": "ValueError",
                        "evalue": "bad shape",
                        "traceback": ["frame 1", "frame 2"],
                    },
                )
            ]
        }
    )
    assert [text for *_, text in found(document)] == [
        "run()",
        "loss 0.5",
        "42",
        "ValueError: bad shape",
    ]


def test_long_logs_are_cut_and_said_to_be(read):
    log = "".join(f"step {n} of a long training run\n" for n in range(5000))
    document = read({"cells": [code("train()", {"output_type": "stream", "text": log})]})
    assert len(document.blocks[1].text) <= 2000
    assert document.blocks[1].text.endswith("of a long training run")
    assert document.warnings == ["long output shortened in cell 1"]


def test_format_3(read):
    document = read(
        {
            "nbformat": 3,
            "worksheets": [
                {
                    "cells": [
                        {"cell_type": "heading", "level": 2, "source": "Old"},
                        {"cell_type": "code", "input": "print 1", "outputs": []},
                    ]
                }
            ],
        }
    )
    assert [text for *_, text in found(document)] == ["Old", "print 1"]


@pytest.mark.parametrize("content", ["{not json", "[1, 2]", '{"cells": 3}'])
def test_what_is_no_notebook_is_refused(read, content):
    with pytest.raises(UnreadableDocument, match=r"lab\.ipynb is not a Jupyter notebook"):
        read(content)


def test_empty_notebook_is_refused(read):
    with pytest.raises(UnreadableDocument, match="no text in any cell"):
        read({"cells": [code("")]})
