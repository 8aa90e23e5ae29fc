"""The library page: what each course holds, what could not be read and why, and new documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from chatbot.ui.background import Job
from chatbot.ui.citations import escape_markdown, message_markdown
from chatbot.ui.services import Services, services
from chatbot.ui.uploads import MAX_UPLOAD_MB, safe_name, save_uploads
from ingestion.errors import LecternError
from ingestion.readers.registry import FORMATS

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from ingestion.catalog import FileRecord
    from ingestion.progress import Progress
    from ingestion.report import IngestReport

INGEST = "ingest"
REFRESH_SECONDS = 0.5

_STAGES = {
    "scan": "Looking at files:",
    "parse": "Reading files:",
    "embed": "Embedding passages:",
    "commit": "Saving:",
}


def page() -> None:
    """Draw the library page."""
    shared = services()
    st.title("Library")
    files = _files(shared)
    courses = sorted({record.course for record in files})
    job = shared.jobs.get(INGEST)
    if job is not None and not job.done:
        _live(shared)
    else:
        _outcome(shared, job)
        _uploader(shared, courses)
    failed = [record for record in files if record.status == "failed"]
    if failed:
        _failures(failed)
    for course in courses:
        _course(course, [r for r in files if r.course == course and r.status != "failed"])


def _files(shared: Services) -> list[FileRecord]:
    try:
        return list(shared.assistant().index.files())
    except LecternError as error:
        st.warning(f"{message_markdown(str(error))} Upload the first documents below.")
        return []


def _uploader(shared: Services, courses: list[str]) -> None:
    with st.container(border=True):
        st.subheader("Add documents")
        round_number = st.session_state.setdefault("upload_round", 0)
        uploads = st.file_uploader(
            "Documents",
            type=[suffix.lstrip(".") for suffix in FORMATS],
            accept_multiple_files=True,
            max_upload_size=MAX_UPLOAD_MB,
            label_visibility="collapsed",
            key=f"uploads-{round_number}",
        )
        course = st.selectbox(
            "Course",
            courses,
            index=0 if courses else None,
            accept_new_options=True,
            placeholder="Name the course",
            help="Choose a course, or type the name of a new one.",
        )
        if st.button(
            "Add to the library", type="primary", disabled=not (uploads and (course or "").strip())
        ):
            try:
                _start(shared, uploads, str(course))
            except (LecternError, OSError) as error:
                st.error(message_markdown(str(error)))
                return
            st.session_state["upload_round"] = round_number + 1
            st.rerun()


def _start(shared: Services, uploads: list[UploadedFile], course: str) -> None:
    folder = shared.settings.uploads / safe_name(course)
    save_uploads(uploads, folder)
    index = shared.settings.index

    def work(job: Job[IngestReport]) -> IngestReport:
        from ingestion.pipeline import ingest

        def note(progress: Progress) -> None:
            job.progress = progress

        return ingest([folder], index, course=course, progress=note)

    shared.jobs.start(INGEST, f"Adding to {course}", work)


@st.fragment(run_every=REFRESH_SECONDS)
def _live(shared: Services) -> None:
    job = shared.jobs.get(INGEST)
    if job is None or job.done:
        st.rerun(scope="app")
    with st.container(border=True):
        st.subheader(escape_markdown(job.label))
        fraction, text = progress_line(job.progress)
        st.progress(fraction, text=escape_markdown(text))
        st.caption("You can go on asking meanwhile; the new documents are found once all is done.")


def progress_line(progress: Progress | None) -> tuple[float, str]:
    """How far an ingestion is, in [0, 1], and the line that says so."""
    if progress is None or not progress.total:
        return 0.0, "Starting…"
    parts = [f"{_STAGES[progress.stage]} {progress.done} of {progress.total}"]
    if progress.eta_seconds is not None and progress.done < progress.total:
        parts.append(f"about {max(1, round(progress.eta_seconds))} s left")
    if progress.file:
        parts.append(Path(progress.file).name)
    return min(1.0, progress.done / progress.total), " · ".join(parts)


def outcome_line(report: IngestReport) -> str:
    """What an ingestion did, in one line."""
    counts = {
        "added": report.new,
        "changed": report.changed,
        "already there": report.unchanged + report.duplicates,
        "not readable": len(report.failed),
    }
    files = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"Documents: {files or 'none'}. {report.added_chunks} new passages to ask about."


def _outcome(shared: Services, job: Job[IngestReport] | None) -> None:
    if job is None:
        return
    if job.problem:
        st.error(message_markdown(job.problem), icon=":material/error:")
    elif job.result is not None:
        st.success(outcome_line(job.result), icon=":material/check_circle:")
    if st.button("Dismiss", type="tertiary"):
        shared.jobs.forget(INGEST)
        st.rerun()


def _failures(failed: list[FileRecord]) -> None:
    with st.expander(
        f"{len(failed)} could not be read", icon=":material/warning:", expanded=len(failed) <= 5
    ):
        for record in failed:
            st.markdown(
                f"**{escape_markdown(record.path)}** ({escape_markdown(record.course)})  \n"
                f"{message_markdown(record.reason)}"
            )


def _course(course: str, records: list[FileRecord]) -> None:
    st.subheader(escape_markdown(course))
    st.caption(f"Documents: {len(records)} · passages: {sum(r.chunks for r in records)}")
    st.dataframe(
        [
            {
                "Document": record.path,
                "Title": record.title,
                "Format": record.format,
                "Status": record.status,
                "Passages": record.chunks,
                "Notes": "; ".join(filter(None, (record.reason, *record.warnings))),
            }
            for record in records
        ],
        hide_index=True,
        width="stretch",
    )
