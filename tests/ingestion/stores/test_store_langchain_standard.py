"""LangChain's own integration suite for vector stores, over all of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from langchain_core.embeddings import Embeddings

from ingestion.stores.langchain import LecternVectorStore

suite = pytest.importorskip("langchain_tests.integration_tests", reason="needs langchain-tests")


@pytest.mark.asyncio
@pytest.mark.filterwarnings("ignore:.*marked with '@pytest.mark.asyncio'")  # half are not async
class TestStandard(suite.VectorStoreIntegrationTests):  # type: ignore[misc, name-defined]
    @pytest.fixture
    def vectorstore(
        self, make_vectorstore: Callable[[Embeddings], LecternVectorStore]
    ) -> Iterator[LecternVectorStore]:
        store = make_vectorstore(self.get_embeddings())
        yield store
        store.close()
