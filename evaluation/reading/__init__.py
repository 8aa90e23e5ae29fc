"""Reading on its own: a question and the paragraph that answers it, nothing retrieved.

`example` is the contract that a file per data form fills (`squad`, `qed`, `fairytaleqa`,
`pubmedqa`; `forms` names them), `reader` has the product's answerers read, `measures` scores what
they say, `run` does it for a whole file.
"""

from typing import Literal

FormName = Literal["squad", "qed", "fairytaleqa", "pubmedqa"]
