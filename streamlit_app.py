"""The browser app: `lectern app`, or `streamlit run streamlit_app.py`; theme in `.streamlit`."""

import streamlit as st

from chatbot.ui.pages import chat, library, summaries

st.set_page_config(page_title="Lectern", page_icon="🎓", layout="centered")
st.navigation(
    [
        st.Page(chat.page, title="Chat", icon=":material/forum:", url_path="chat", default=True),
        st.Page(library.page, title="Library", icon=":material/library_books:", url_path="library"),
        st.Page(
            summaries.page, title="Summaries", icon=":material/summarize:", url_path="summaries"
        ),
    ],
    position="top",
).run()
