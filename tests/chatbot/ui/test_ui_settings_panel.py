"""The settings panel, run by Streamlit without a browser."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from chatbot.options import AskOptions


def panel() -> AppTest:
    def script() -> None:
        import streamlit as st

        from chatbot.settings import ChatSettings
        from chatbot.ui.settings_panel import course_filter, settings_panel

        course = course_filter(["nlp", "vision"])
        settings = ChatSettings.model_construct(passages=4, neighbours=1, answerer="auto")
        st.session_state["options"] = settings_panel(course, settings).model_dump()

    app = AppTest.from_function(script).run()
    assert not app.exception
    return app


def options(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    return AskOptions.model_validate(app.session_state["options"]).model_dump()


def test_the_settings_in_force_are_where_the_panel_begins() -> None:
    begun = options(panel())
    assert (begun["k"], begun["neighbours"], begun["answerer"]) == (4, 1, "auto")
    assert (begun["course"], begun["shots"], begun["chain_of_thought"]) == (None, 0, False)
    assert begun["decoding"] == AskOptions.model_validate({}).decoding.model_dump()


def test_every_choice_reaches_the_options() -> None:
    app = panel()
    app.selectbox(key="course").set_value("vision")
    app.selectbox(key="answerer").set_value("generative")
    app.selectbox(key="shots").set_value(3)
    app.toggle(key="chain_of_thought").set_value(True)
    app.toggle(key="map_rerank").set_value(True)
    app.slider(key="k").set_value(9)
    app.slider(key="neighbours").set_value(2)
    app.selectbox(key="strategy").set_value("sample")
    app.slider(key="max_new_tokens").set_value(64)
    app.run()
    app.slider(key="temperature").set_value(1.5)
    app.number_input(key="top_k").set_value(40)
    app.slider(key="top_p").set_value(0.9)
    app.number_input(key="seed").set_value(7)
    chosen = options(app.run())
    decoding = chosen.pop("decoding")
    assert chosen == {
        **dict.fromkeys(("file", "format")),
        "course": "vision",
        "answerer": "generative",
        "shots": 3,
        "chain_of_thought": True,
        "map_rerank": True,
        "k": 9,
        "neighbours": 2,
    }
    assert decoding["strategy"] == "sample" and decoding["max_new_tokens"] == 64
    sampling = [decoding[name] for name in ("temperature", "top_k", "top_p", "seed")]
    assert sampling == [1.5, 40, 0.9, 7]


def test_beams_are_asked_for_with_beam_search_only() -> None:
    app = panel()
    assert "beams" not in [slider.key for slider in app.slider]
    app.selectbox(key="strategy").set_value("beam").run()
    chosen = options(app.slider(key="beams").set_value(8).run())
    assert (chosen["decoding"]["strategy"], chosen["decoding"]["num_beams"]) == ("beam", 8)
